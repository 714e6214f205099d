/**
 * One fault run: a seeded stream into requests.v1, three sessionizers, a fault in each round, then everything closes and
 * the outputs are compared with a recount of the input.
 *
 * What must come out depends on the input alone, never on how fast anything ran. Two things of the product follow the
 * wall clock, and the run keeps both where they cannot matter: imports are ended by their end records; live traffic is
 * not taken for idle (`PRECEDE_SESSIONIZER_IDLE_AFTER` 24 h) while input comes, and once all of it is committed a member
 * with 1 s closes what is open, all of it long past. Zones are configured before the first request.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Topic, topicSpecs, type ZoneId, zoneDefaults } from '@precede/contracts';
import { configRecordOf, type EventLog, openKafkaLog } from '@precede/log';
import { eventually, type TestKafka } from '@precede/testkit';
import { type Check, check } from './check.ts';
import { type Fault, inject, planFaults, type Surroundings, usual } from './faults.ts';
import { Feeder } from './feeder.ts';
import { Member } from './members.ts';
import { createRandom } from './random.ts';
import { type Sent, Traffic, zones } from './traffic.ts';

export interface RunOptions {
  readonly seed: number;
  readonly events: number;
  readonly isLong: boolean;
  readonly say: (line: string) => void;
}

export interface Report extends Check {
  readonly seed: number;
  readonly events: number;
  readonly sendsRepeated: number;
  readonly faults: readonly Fault[];
  readonly membersStarted: number;
  /** Of these, started again because the broker was away while they started. */
  readonly membersRestarted: number;
  /** Summed over the members, as far as they told before they were killed. */
  readonly rebalancesSeen: number;
  readonly partitionsOpened: number;
  readonly feedSeconds: number;
  readonly drainSeconds: number;
  readonly checkSeconds: number;
}

export const partitions = 6;
const group = 'precede.sessionizer';
/** What a process ends with that cannot start because something outside is away. */
const unavailable = '2';
/** Nothing in a run is this slow; who waits for longer waits for something that will not come. */
const deadlineMs = 300_000;

type Kafka = TestKafka & { readonly broker: NonNullable<TestKafka['broker']> };

export const runFaults = async (kafka: Kafka, options: RunOptions): Promise<Report> => {
  const prefix = `faults-${randomBytes(4).toString('hex')}.`;
  const log = await openKafkaLog({
    brokers: kafka.brokers,
    registryUrl: kafka.registryUrl,
    clientId: 'faults',
    topicPrefix: prefix,
    partitions,
    replicationFactor: 1,
  });
  const run = new Run(kafka, log, prefix, options);
  try {
    return await run.toEnd();
  } finally {
    await run.close();
    await log.close();
  }
};

class Run implements Surroundings {
  readonly members: Member[] = [];
  readonly broker: Kafka['broker'];
  readonly random;
  /** Apart from the faults' own: what runs beside them must not change what they draw. */
  readonly #pace;
  readonly partitions = partitions;
  readonly #log: EventLog;
  readonly #options: RunOptions;
  readonly #env: Readonly<Record<string, string>>;
  readonly #all: Member[] = [];
  #restarted = 0;

  constructor(kafka: Kafka, log: EventLog, prefix: string, options: RunOptions) {
    this.broker = kafka.broker;
    this.random = createRandom(options.seed ^ 0x5eed);
    this.#pace = createRandom(options.seed ^ 0xfeed);
    this.#log = log;
    this.#options = options;
    this.#env = {
      PRECEDE_KAFKA_BROKERS: kafka.brokers.join(','),
      PRECEDE_SCHEMA_REGISTRY_URL: kafka.registryUrl,
      PRECEDE_KAFKA_TOPIC_PREFIX: prefix,
      PRECEDE_KAFKA_PARTITIONS: String(partitions),
      PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
      // Many transactions and many beginnings of the journal, so that faults find them half done.
      PRECEDE_SESSIONIZER_MAX_BATCH: '700',
      PRECEDE_SESSIONIZER_JOURNAL: '3000',
    };
  }

  async startMember(idleAfter = '24h'): Promise<Member> {
    const env = { ...this.#env, PRECEDE_SESSIONIZER_IDLE_AFTER: idleAfter };
    const member = await Member.start(`member-${this.#all.length + 1}`, env);
    this.#all.push(member);
    return member;
  }

  async toEnd(): Promise<Report> {
    const { seed, events, isLong, say } = this.#options;
    const started = performance.now();
    const secondsSince = (ms: number): number => (performance.now() - ms) / 1000;
    await this.#log.ensureTopics(topicSpecs);
    await this.#configure();
    const feeder = await Feeder.open(this.#log, partitions);
    try {
      while (this.members.length < usual) this.members.push(await this.startMember());
      const traffic = new Traffic({ seed, partitions });
      const faults = planFaults(isLong, this.random);
      const perRound = Math.ceil(events / (faults.length + 1));
      for (const [i, fault] of [undefined, ...faults].entries()) {
        const count = Math.min(perRound, events - feeder.sent);
        await this.#round(feeder, traffic, count, fault);
        say(
          `${secondsSince(started).toFixed(0)} s: ${i}/${faults.length} ${fault ?? 'start'}, ${feeder.sent} events`,
        );
      }
      await feeder.send([...traffic.finish()]);
      const feedSeconds = secondsSince(started);
      const draining = performance.now();
      await this.untilTaken();
      await this.#closeLive();
      const drainSeconds = secondsSince(draining);
      const checking = performance.now();
      const checked = await check(this.#log, partitions);
      return {
        ...checked,
        seed,
        events: feeder.sent,
        sendsRepeated: feeder.repeated,
        faults,
        membersStarted: this.#all.length,
        membersRestarted: this.#restarted,
        rebalancesSeen: this.#all.reduce((sum, member) => sum + member.rebalances, 0),
        partitionsOpened: this.#all.reduce((sum, member) => sum + member.opened, 0),
        feedSeconds,
        drainSeconds,
        checkSeconds: secondsSince(checking),
      };
    } catch (cause) {
      throw new Error(`The run of seed ${seed} failed: ${String(cause)}\n${this.#outputs()}`, { cause });
    } finally {
      await feeder.close();
    }
  }

  async close(): Promise<void> {
    // Also where the run failed while it was away: others may use the broker after us.
    await this.broker.start();
    await Promise.all(this.#all.map((member) => member.end('SIGKILL')));
  }

  async untilTaken(): Promise<void> {
    const target = await this.#insist('the end of the input', () => this.#log.endOffsets(Topic.requests));
    let done: readonly (number | null)[] = [];
    try {
      await this.#insist('all input committed', async () => {
        done = await this.#committed();
        return target.every((end, partition) => (done[partition] ?? 0) >= end) || undefined;
      });
    } catch (cause) {
      throw new Error(`Of the input up to ${target.join(', ')} is committed ${done.join(', ')}.`, { cause });
    }
  }

  /** Input goes on all the time that the fault takes, and the fault comes only once the group works. */
  async #round(feeder: Feeder, traffic: Traffic, count: number, fault: Fault | undefined): Promise<void> {
    let isOver = false;
    const feeding = this.#feed(feeder, traffic, count, () => isOver);
    const faulty = this.#disturb(fault).finally(() => {
      isOver = true;
    });
    // Both to their end, so that a failure of one leaves the other not running.
    const failed = (await Promise.allSettled([feeding, faulty])).find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.#checkMembers();
    await Promise.all(this.members.map((member) => member.askRebalances()));
  }

  async #disturb(fault: Fault | undefined): Promise<void> {
    const before = sum(await this.#insist('committed offsets', () => this.#committed()));
    await this.#insist('progress', async () => sum(await this.#committed()) > before || undefined);
    if (fault === undefined) return;
    await sleep(this.random.below(400));
    await inject(fault, this);
  }

  async #feed(feeder: Feeder, traffic: Traffic, count: number, isOver: () => boolean): Promise<void> {
    const slice = Math.ceil(count / 60);
    for (let left = count; left > 0; left -= slice) {
      const events: Sent[] = [];
      while (events.length < Math.min(slice, left)) events.push(traffic.next());
      await feeder.send(events);
      if (!isOver()) await sleep(this.#pace.below(400));
    }
  }

  #checkMembers(): void {
    for (const { name, failure } of this.#all)
      if (failure !== undefined && failure !== unavailable)
        throw new Error(`${name} ended by itself with ${failure}.`);
  }

  /** As an orchestrator does: who has to end because the broker is away at its start is started again. */
  async #restartEnded(): Promise<void> {
    for (const member of this.members.filter(({ failure }) => failure !== undefined)) {
      const next = await this.startMember();
      this.members.splice(this.members.indexOf(member), 1, next);
      this.#restarted++;
    }
  }

  /** The members go, and one that takes silence for what it is closes the windows of live traffic. */
  async #closeLive(): Promise<void> {
    for (const member of this.members.splice(0)) {
      const status = await member.end('SIGTERM');
      if (status !== '0') throw new Error(`${member.name} ended with ${status} when told to.`);
    }
    const last = await this.startMember('1s');
    await this.#insist('the last windows closed', async () => {
      if (!(await last.isReady())) return undefined;
      const open = await last.metric('precede_sessionizer_open_windows');
      const held = await last.metric('precede_sessionizer_held_requests');
      return (open === 0 && held === 0) || undefined;
    });
    await last.end('SIGTERM');
  }

  async #committed(): Promise<readonly (number | null)[]> {
    return this.#log.committedOffsets(group, Topic.requests);
  }

  #insist<T>(what: string, check: () => Promise<T | undefined>): Promise<T> {
    return eventually(
      what,
      async () => {
        await this.#restartEnded();
        return check();
      },
      deadlineMs,
    );
  }

  async #configure(): Promise<void> {
    const producer = await this.#log.producer();
    await producer.send(zones.filter((_, i) => i >= 8).map((zone) => zoneRecord(this.#log, zone)));
    await producer.close();
  }

  #outputs(): string {
    return this.#all.map((member) => `== ${member.name}\n${member.output.slice(-4_000)}`).join('\n');
  }
}

const sum = (offsets: readonly (number | null)[]): number =>
  offsets.reduce<number>((total, offset) => total + (offset ?? 0), 0);

const zoneRecord = (log: EventLog, zone: { zoneId: ZoneId; gapMs: number; graceMs: number }) => {
  const { zoneId, gapMs: inactivityGapMs, graceMs } = zone;
  const settings = {
    ...zoneDefaults,
    name: 'other',
    createdAtMs: 0,
    inactivityGapMs,
    graceMs,
    retiredShortIds: [],
  };
  const record = { zoneId, kind: 'zone', id: zoneId, revision: 1, records: 1, settings } as const;
  return configRecordOf(log.codec, record);
};
