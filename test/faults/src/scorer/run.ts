/**
 * One fault run of the scorer, on a log that is written before it begins: its append times lie hours apart, so that
 * epochs turn all the time. Two scorers read copies of that log, each from its first record on and with offsets of its
 * own, into one ClickHouse: each owns every partition, so each writes what the other writes, again and at other times.
 * 1. The owner is killed at every step of every insert, and ClickHouse beneath it.
 * 2. Meanwhile the double is killed, or stopped within an insert.
 * 3. In the end the owner runs undisturbed until all is scored. Then the double wakes, its old insert lands, it goes on.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Topic, topicSpecs } from '@precede/contracts';
import { openEmbeddedLog } from '@precede/log';
import { eventually, type Running, start } from '@precede/testkit';
import { createRandom, type Random, shuffle } from '../random.ts';
import { type Checked, check, readTruth, type Truth } from './check.ts';
import { Database } from './database.ts';
import { FaultProxy, type Halt, Moment } from './proxy.ts';
import { group, hourMs, isScored, isStored, nowMs, recordOf, spanMs, sumOf, within } from './shared.ts';
import { SequenceTraffic } from './traffic.ts';
import { Watch } from './watch.ts';

export interface ScorerRunOptions {
  readonly seed: number;
  readonly records: number;
  /** Hours of append time: so many epochs has a partition. */
  readonly hours: number;
  /** PRECEDE_SCORER_ZONE_MEMORY, and within it counts are exact. */
  readonly zoneMemory: string;
  readonly isExact: boolean;
  /** Of the requests, those of a scanner. */
  readonly scan: number;
  readonly halts: number;
  /** How long the marker of an epoch takes: none may be left too early. */
  readonly epochMs: number;
  readonly say: (line: string) => void;
}

export interface ScorerReport extends Checked {
  readonly seed: number;
  readonly records: number;
  readonly tooOld: number;
  /** `victim table moment` → how often. */
  readonly halted: ReadonlyMap<string, number>;
  readonly troubles: ReadonlyMap<string, number>;
  readonly databaseKills: number;
  /** Epochs that owner and double have stored, each for itself. */
  readonly epochs: readonly [owner: number, double: number];
  readonly committed: readonly (number | null)[];
  /** First offset of the last epoch of each partition. */
  readonly lastEpochs: readonly number[];
  readonly seconds: number;
}

const partitions = 3;
/** For all that is left when nobody is disturbed any more. */
const drainMs = 300_000;

type Victim = 'scorer' | 'clickhouse';
interface Planned extends Halt {
  readonly victim: Victim;
}

const tables = ['sequence_counts', 'count_progress', 'epochs', 'sequence_scores', 'score_snapshots'];

/** Every step of every insert in a drawn order, before any comes twice. */
const planHalts = (count: number, random: Random): Planned[] => {
  const all: Omit<Planned, 'nth'>[] = [];
  for (const table of tables)
    for (const moment of Object.values(Moment)) all.push({ victim: 'scorer', table, moment });
  for (const table of tables.slice(0, 4))
    for (const moment of [Moment.half, Moment.stored]) all.push({ victim: 'clickhouse', table, moment });
  const planned: Planned[] = [];
  while (planned.length < count)
    for (const each of shuffle(all, random))
      planned.push({ ...each, nth: 1 + random.below(each.table === 'epochs' ? 2 : 3) });
  return planned.slice(0, count);
};

export const runScorerFaults = async (options: ScorerRunOptions): Promise<ScorerReport> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-faults-'));
  const database = await Database.start();
  const run = new Run(dir, database, options);
  try {
    return await run.toEnd();
  } finally {
    await run.close();
    await database.close();
    await rm(dir, { recursive: true, force: true });
  }
};

class Run {
  readonly #dir: string;
  readonly #database: Database;
  readonly #options: ScorerRunOptions;
  readonly #random: Random;
  readonly #running = new Set<Running>();
  readonly #proxies: FaultProxy[] = [];
  readonly #halted = new Map<string, number>();
  #output = '';

  constructor(dir: string, database: Database, options: ScorerRunOptions) {
    this.#dir = dir;
    this.#database = database;
    this.#options = options;
    this.#random = createRandom(options.seed);
  }

  async toEnd(): Promise<ScorerReport> {
    const begin = performance.now();
    const { seed, records, halts, isExact } = this.#options;
    const say = (line: string): void =>
      this.#options.say(`${((performance.now() - begin) / 1000).toFixed(0)} s: ${line}`);
    const { truth, lastEpochs } = await this.#write();
    await cp(this.#logOf('owner'), this.#logOf('double'), { recursive: true });
    const watch = new Watch(this.#database.client);
    const [owner, double] = [await this.#proxy(0.1), await this.#proxy(0.1)];
    try {
      const planned = planHalts(halts, this.#random);
      const doubling = this.#double(double);
      // A failure of the double is told at its end.
      doubling.catch(() => {});
      for (const [i, halt] of planned.entries())
        say(`${i + 1}/${planned.length} ${await this.#disturb(owner, halt)}`);
      const stopped = await doubling;
      say('the double stands still');
      await this.#finish(owner, watch, truth);
      say('all is scored');
      await this.#wake(double, stopped);
      await watch.close();
      say('the double has gone on');
      const checked = await check(this.#database.client, { truth, samples: watch.samples, isExact });
      return {
        ...checked,
        seed,
        records,
        tooOld: truth.tooOld,
        halted: this.#halted,
        troubles: sumOf(this.#proxies.map((proxy) => proxy.troubles)),
        databaseKills: this.#database.kills,
        epochs: [owner.stored.get('epochs') ?? 0, double.stored.get('epochs') ?? 0],
        committed: await this.#committed(),
        lastEpochs,
        seconds: (performance.now() - begin) / 1000,
      };
    } catch (cause) {
      throw new Error(`The run of seed ${seed} failed: ${String(cause)}\n${this.#output.slice(-6_000)}`, {
        cause,
      });
    } finally {
      await watch.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((each) => this.#end(each, 'SIGKILL')));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }

  #logOf(name: string): string {
    return join(this.#dir, name);
  }

  /** The whole input; as many records in each hour of append time. */
  async #write(): Promise<{ truth: Truth; lastEpochs: readonly number[] }> {
    const { records, hours, scan, seed } = this.#options;
    const clock = { nowMs: 0, now: () => clock.nowMs };
    const log = await openEmbeddedLog({ dir: this.#logOf('owner'), partitions, clock });
    try {
      await log.ensureTopics(topicSpecs);
      const producer = await log.producer();
      const traffic = new SequenceTraffic(createRandom(seed ^ 0x7ea), scan);
      let lastEpochs: readonly number[] = [];
      for (let hour = 0; hour < hours; hour += 1) {
        clock.nowMs = nowMs - (hours - 1 - hour) * hourMs;
        lastEpochs = await log.endOffsets(Topic.sequences);
        const count = Math.floor(records / hours);
        // Late by days, so that all of it falls into the window.
        const timeMs = nowMs - Math.floor((spanMs * (hours - 1 - hour)) / hours);
        await producer.send(Array.from({ length: count }, () => recordOf(log, traffic.next(timeMs))));
      }
      await producer.close();
      return { truth: await readTruth(log, nowMs), lastEpochs };
    } finally {
      await log.close();
    }
  }

  async #proxy(trouble: number): Promise<FaultProxy> {
    const random = createRandom(this.#options.seed ^ (this.#proxies.length + 1));
    const proxy = await FaultProxy.open({
      target: this.#database.url,
      random,
      trouble,
      epochMs: this.#options.epochMs,
    });
    this.#proxies.push(proxy);
    return proxy;
  }

  #scorer(name: string, proxy: FaultProxy): Running {
    const scorer = start('test/faults/src/scorer/child.ts', [], {
      ...this.#database.env(proxy.url),
      PRECEDE_FAULTS_LOG: this.#logOf(name),
      PRECEDE_CLOCK: new Date(nowMs).toISOString(),
      PRECEDE_SCORER_HOST: '127.0.0.1',
      PRECEDE_SCORER_PORT: '0',
      PRECEDE_SCORER_FLUSH_INTERVAL: '20ms',
      PRECEDE_SCORER_RANK_INTERVAL: '50ms',
      PRECEDE_SCORER_KEEP_UNLISTED: '300',
      PRECEDE_SCORER_ZONE_MEMORY: this.#options.zoneMemory,
    });
    this.#running.add(scorer);
    return scorer;
  }

  async #end(scorer: Running, signal: NodeJS.Signals): Promise<number | null> {
    scorer.kill(signal);
    const status = await scorer.exited;
    if (this.#running.delete(scorer)) this.#output += scorer.output();
    return status;
  }

  /** Lets the owner come so far, kills whoever is to be killed, and cuts off what was on its way. */
  async #disturb(proxy: FaultProxy, planned: Planned): Promise<string> {
    const { victim, table, moment, nth } = planned;
    const reached = proxy.halt({ table, moment, nth });
    const scorer = this.#scorer('owner', proxy);
    const name = `${victim} ${moment} ${table}`;
    await within(`halt: ${name}`, reached, scorer);
    if (victim === 'clickhouse') await this.#database.crash();
    else await this.#end(scorer, 'SIGKILL');
    proxy.release('drop');
    // It has to come through by itself: then it goes by the next kill.
    if (victim === 'clickhouse')
      await within(`after ${name}`, proxy.halt({ table, moment: Moment.answered, nth: 1 }), scorer);
    await this.#end(scorer, 'SIGKILL');
    proxy.release('drop');
    this.#halted.set(name, (this.#halted.get(name) ?? 0) + 1);
    return name;
  }

  /** Killed twice, then stopped with counts on their way that are of no use to anybody any more. */
  async #double(proxy: FaultProxy): Promise<Running> {
    for (const table of ['count_progress', 'epochs']) {
      const reached = proxy.halt({ table, moment: Moment.stored, nth: 3 });
      const scorer = this.#scorer('double', proxy);
      await within(`the double: ${table}`, reached, scorer);
      await this.#end(scorer, 'SIGKILL');
      proxy.release('drop');
    }
    const reached = proxy.halt({ table: 'sequence_counts', moment: Moment.before, nth: 4 });
    const scorer = this.#scorer('double', proxy);
    await within('the double: stopped', reached, scorer);
    scorer.kill('SIGSTOP');
    return scorer;
  }

  /** All stored, then all scored: a new scorer scores at once, one that has just scored rests first. */
  async #finish(proxy: FaultProxy, watch: Watch, truth: Truth): Promise<void> {
    proxy.calm();
    await this.#undisturbed(proxy, 'all is stored', () => isStored(this.#database, truth.ends));
    await this.#undisturbed(proxy, 'all is scored', async () => isScored(watch, truth.ends));
  }

  async #undisturbed(proxy: FaultProxy, what: string, isDone: () => Promise<boolean>): Promise<void> {
    const scorer = this.#scorer('owner', proxy);
    await within(
      what,
      // Started, too: before that a signal ends it as it ends any process.
      eventually(
        what,
        async () => (scorer.output().includes('"started"') && (await isDone())) || undefined,
        drainMs,
      ).then(() => undefined),
      scorer,
      drainMs,
    );
    const status = await this.#end(scorer, 'SIGTERM');
    if (status !== 0) throw new Error(`The owner ended with ${status} when told to.`);
  }

  /** What it was writing lands now, and it writes on. */
  async #wake(proxy: FaultProxy, scorer: Running): Promise<void> {
    proxy.calm();
    const before = proxy.stored.get('epochs') ?? 0;
    proxy.release('deliver');
    scorer.kill('SIGCONT');
    await eventually('the double goes on', async () =>
      (proxy.stored.get('epochs') ?? 0) >= before + 3 ? true : undefined,
    );
    await sleep(500);
    await this.#end(scorer, 'SIGKILL');
  }

  async #committed(): Promise<readonly (number | null)[]> {
    const log = await openEmbeddedLog({ dir: this.#logOf('owner'), partitions, clock: { now: () => 0 } });
    try {
      return await log.committedOffsets(group, Topic.sequences);
    } finally {
      await log.close();
    }
  }
}
