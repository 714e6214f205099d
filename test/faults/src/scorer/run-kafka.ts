/**
 * Scorers as a group on a real Kafka, through what moves partitions while records come: members that are killed within a
 * write, while another joins and while another leaves; one that is stopped within a write until the group has given its
 * partitions away, and then writes on; ClickHouse killed beneath them. On Kafka append times are the broker's, so the open
 * epoch is all of the log: each owner of a partition begins at its first record, and writes again what others wrote.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Topic, topicSpecs } from '@precede/contracts';
import { type EventLog, openKafkaLog } from '@precede/log';
import { eventually, freePort, type KafkaAddresses, type Running, start } from '@precede/testkit';
import { createRandom, type Random, shuffle } from '../random.ts';
import { type Checked, check, readTruth } from './check.ts';
import { Database } from './database.ts';
import { FaultProxy, Moment } from './proxy.ts';
import { isScored, isStored, nowMs, recordOf, spanMs, sumOf, within } from './shared.ts';
import { SequenceTraffic } from './traffic.ts';
import { Watch } from './watch.ts';

export interface GroupRunOptions {
  readonly seed: number;
  /** How often each fault comes. */
  readonly rounds: number;
  readonly say: (line: string) => void;
}

export interface GroupReport extends Checked {
  readonly seed: number;
  readonly records: number;
  readonly faulted: ReadonlyMap<string, number>;
  readonly troubles: ReadonlyMap<string, number>;
  readonly databaseKills: number;
  readonly membersStarted: number;
  readonly seconds: number;
}

const partitions = 4;
/** Kafka's, as the group is joined with it (libs/log). */
const sessionTimeoutMs = 10_000;
const recordsASlice = 250;

const faults = ['kill', 'joining', 'leaving', 'pause', 'clickhouse'] as const;
type Fault = (typeof faults)[number];

export const runGroupFaults = async (
  kafka: KafkaAddresses,
  options: GroupRunOptions,
): Promise<GroupReport> => {
  const prefix = `faults-${randomBytes(4).toString('hex')}.`;
  const log = await openKafkaLog({
    ...kafka,
    clientId: 'faults',
    topicPrefix: prefix,
    partitions,
    replicationFactor: 1,
  });
  const database = await Database.start();
  const run = new GroupRun(log, database, options, {
    PRECEDE_KAFKA_BROKERS: kafka.brokers.join(','),
    PRECEDE_SCHEMA_REGISTRY_URL: kafka.registryUrl,
    PRECEDE_KAFKA_TOPIC_PREFIX: prefix,
    PRECEDE_KAFKA_PARTITIONS: String(partitions),
    PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
  });
  try {
    return await run.toEnd();
  } finally {
    await run.close();
    await database.close();
    await log.close();
  }
};

/** A scorer with a way to ClickHouse of its own. */
interface Member {
  readonly process: Running;
  readonly proxy: FaultProxy;
  readonly address: string;
}

class GroupRun {
  readonly #log: EventLog;
  readonly #database: Database;
  readonly #options: GroupRunOptions;
  readonly #env: Readonly<Record<string, string>>;
  readonly #random: Random;
  readonly #all: Member[] = [];
  readonly #members: Member[] = [];
  #sent = 0;
  #isFed = false;

  constructor(
    log: EventLog,
    database: Database,
    options: GroupRunOptions,
    env: Readonly<Record<string, string>>,
  ) {
    this.#log = log;
    this.#database = database;
    this.#options = options;
    this.#env = env;
    this.#random = createRandom(options.seed);
  }

  async toEnd(): Promise<GroupReport> {
    const begin = performance.now();
    const { seed, rounds } = this.#options;
    await this.#log.ensureTopics(topicSpecs);
    const watch = new Watch(this.#database.client);
    const feeding = this.#feed();
    // A failure of it is told at its end.
    feeding.catch(() => {});
    try {
      await Promise.all([this.#join(), this.#join()]);
      const planned = Array.from({ length: rounds }, () => shuffle(faults, this.#random)).flat();
      for (const fault of planned) {
        await this.#untilShared();
        await this.#inject(fault);
        this.#options.say(
          `${((performance.now() - begin) / 1000).toFixed(0)} s: ${fault}, ${this.#sent} records`,
        );
      }
      this.#isFed = true;
      await feeding;
      await this.#drain(watch);
      await watch.close();
      const truth = await readTruth(this.#log, nowMs);
      const checked = await check(this.#database.client, { truth, samples: watch.samples, isExact: true });
      return {
        ...checked,
        seed,
        records: truth.ends.reduce((sum, end) => sum + end, 0),
        faulted: sumOf(planned.map((fault) => new Map([[fault, 1]]))),
        troubles: sumOf(this.#all.map(({ proxy }) => proxy.troubles)),
        databaseKills: this.#database.kills,
        membersStarted: this.#all.length,
        seconds: (performance.now() - begin) / 1000,
      };
    } catch (cause) {
      const outputs = this.#all.map(({ process }) => process.output().slice(-2_000)).join('\n==\n');
      throw new Error(`The run of seed ${seed} failed: ${String(cause)}\n${outputs}`, { cause });
    } finally {
      this.#isFed = true;
      await watch.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((member) => end(member, 'SIGKILL')));
    await Promise.all(this.#all.map(({ proxy }) => proxy.close()));
  }

  async #feed(): Promise<void> {
    const producer = await this.#log.producer({ sendTimeoutMs: 60_000 });
    const traffic = new SequenceTraffic(createRandom(this.#options.seed ^ 0x7ea), 0.02);
    const random = createRandom(this.#options.seed ^ 0xfeed);
    while (!this.#isFed) {
      const slice = Array.from({ length: recordsASlice }, () =>
        recordOf(this.#log, traffic.next(nowMs - random.below(spanMs))),
      );
      await producer.send(slice);
      this.#sent += slice.length;
      await sleep(random.below(400));
    }
    await producer.close();
  }

  async #join(): Promise<Member> {
    const random = createRandom(this.#options.seed ^ this.#all.length);
    const proxy = await FaultProxy.open({ target: this.#database.url, random, trouble: 0.08, epochMs: 0 });
    const port = await freePort();
    const process = start('services/scorer/src/main.ts', [], {
      ...this.#env,
      ...this.#database.env(proxy.url),
      PRECEDE_CLOCK: new Date(nowMs).toISOString(),
      PRECEDE_SCORER_HOST: '127.0.0.1',
      PRECEDE_SCORER_PORT: String(port),
      PRECEDE_SCORER_FLUSH_INTERVAL: '50ms',
      PRECEDE_SCORER_RANK_INTERVAL: '100ms',
      PRECEDE_SCORER_KEEP_UNLISTED: '300',
    });
    const member = { process, proxy, address: `http://127.0.0.1:${port}` };
    this.#all.push(member);
    this.#members.push(member);
    return member;
  }

  /** Every partition is open with one of the members. */
  #untilShared(): Promise<unknown> {
    return eventually('the partitions are shared', async () => {
      const open = await Promise.all(this.#members.map(openPartitions));
      return open.reduce((sum, each) => sum + each, 0) === partitions || undefined;
    });
  }

  #take(): Member {
    return this.#members.splice(this.#random.below(this.#members.length), 1)[0] as Member;
  }

  async #inject(fault: Fault): Promise<void> {
    switch (fault) {
      case 'kill':
        await this.#killWithin(this.#take());
        await this.#join();
        return;
      case 'joining': {
        // Two come, and one that was there goes while they are given their partitions.
        await Promise.all([this.#join(), this.#join()]);
        await sleep(1_000 + this.#random.below(2_500));
        await end(this.#members.splice(0, 1)[0] as Member, 'SIGKILL');
        await sleep(this.#random.below(1_000));
        await end(this.#take(), 'SIGKILL');
        return;
      }
      case 'leaving': {
        const [leaving, killed] = [this.#take(), this.#take()];
        const left = end(leaving, 'SIGTERM');
        await sleep(this.#random.below(300));
        await end(killed, 'SIGKILL');
        await left;
        await Promise.all([this.#join(), this.#join()]);
        return;
      }
      case 'pause':
        return this.#pause(this.#take());
      case 'clickhouse':
        return this.#crash();
      default:
        fault satisfies never;
    }
  }

  async #killWithin(member: Member): Promise<void> {
    const moment = this.#random.pick(Object.values(Moment));
    const table = this.#random.pick(['sequence_counts', 'count_progress']);
    await this.#halt(member, table, moment);
    await end(member, 'SIGKILL');
    member.proxy.release('drop');
  }

  /** Stopped within a write; when the others have stored more than it ever saw, the write lands and it goes on. */
  async #pause(member: Member): Promise<void> {
    await this.#halt(member, 'sequence_counts', Moment.before);
    member.process.kill('SIGSTOP');
    await this.#join();
    await sleep(sessionTimeoutMs + 1_000);
    await this.#untilShared();
    const ends = await this.#log.endOffsets(Topic.sequences);
    await eventually('the others have stored its records', async () =>
      (await isStored(this.#database, ends)) ? true : undefined,
    );
    member.proxy.release('deliver');
    member.process.kill('SIGCONT');
    await sleep(3_000);
    await end(member, 'SIGKILL');
  }

  async #crash(): Promise<void> {
    for (const [table, moment] of [
      ['sequence_counts', Moment.half],
      ['count_progress', Moment.stored],
    ] as const) {
      const member = this.#random.pick(this.#members);
      await this.#halt(member, table, moment);
      await this.#database.crash();
      member.proxy.release('drop');
    }
  }

  #halt({ proxy, process }: Member, table: string, moment: Moment): Promise<void> {
    const reached = proxy.halt({ table, moment, nth: 1 + this.#random.below(3) });
    return within(`halt: ${moment} ${table}`, reached, process);
  }

  async #drain(watch: Watch): Promise<void> {
    const ends = await this.#log.endOffsets(Topic.sequences);
    for (const { proxy } of this.#all) proxy.calm();
    await eventually('all is stored', async () => (await isStored(this.#database, ends)) || undefined);
    // A new scorer scores at once, one that has just scored rests first.
    await Promise.all(this.#members.splice(0).map((member) => end(member, 'SIGTERM')));
    const last = await this.#join();
    last.proxy.calm();
    await eventually('all is scored', async () => isScored(watch, ends) || undefined);
    const status = await end(last, 'SIGTERM');
    if (status !== 0) throw new Error(`The last scorer ended with ${status} when told to.`);
  }
}

const end = ({ process }: Member, signal: NodeJS.Signals): Promise<number | null> => {
  process.kill(signal);
  return process.exited;
};

/** 0 where it does not answer. */
const openPartitions = async ({ address }: Member): Promise<number> => {
  try {
    const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return Number(/(\d+) open/.exec(await response.text())?.[1] ?? 0);
  } catch {
    return 0;
  }
};
