/**
 * The load generator, a process of its own: runs what the bench tells it, one run at a time, and answers with latencies,
 * counts and the CPU it used itself. Every answer is checked against the model of the sessions.
 */
import { seeded } from '@precede/testkit/seeded';
import {
  type Asking,
  askConstant,
  askRates,
  askSessions,
  type Fill,
  fillSessions,
} from './enforcer-peers-asking.ts';
import {
  type Dialect,
  extAuthz,
  GrpcPath,
  opaHttp,
  precedeHttp,
  rateGrpc,
  rateHttp,
} from './enforcer-peers-dialects.ts';
import { openGrpc } from './enforcer-peers-h2.ts';
import { type Lanes, openHttp } from './enforcer-peers-lanes.ts';
import { Sessions } from './enforcer-peers-model.ts';

export type DialectName = 'precedeHttp' | 'extAuthz' | 'opaHttp' | 'rateHttp' | 'rateGrpc';

export interface Run {
  readonly port: number;
  readonly dialect: DialectName;
  /** Runs of one world share their sessions: they ask one server, or none that remembers. */
  readonly world: string;
  readonly sessions: number;
  readonly asking: 'constant' | 'sessions' | 'rates' | { readonly fill: Fill };
  readonly lanes: number;
  /** Of gRPC; over HTTP each lane has its own. */
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; null: each lane asks again as soon as it is answered. */
  readonly rate: number | null;
}

export interface Ran {
  readonly answers: number;
  readonly denied: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of this process, for the run. */
  readonly cpuSeconds: number;
}

const dialects: Readonly<Record<DialectName, { readonly of: () => Dialect; readonly grpc?: string }>> = {
  precedeHttp: { of: precedeHttp },
  extAuthz: { of: extAuthz, grpc: GrpcPath.extAuthz },
  opaHttp: { of: opaHttp },
  rateHttp: { of: rateHttp },
  rateGrpc: { of: rateGrpc, grpc: GrpcPath.rateLimit },
};

const worlds = new Map<string, { readonly sessions: Sessions; readonly rates: Uint8Array }>();
const random = seeded(7);

const askingOf = (run: Run): Asking => {
  const world = worlds.get(run.world) ?? {
    sessions: new Sessions(run.sessions),
    rates: new Uint8Array(run.sessions),
  };
  worlds.set(run.world, world);
  if (run.asking === 'constant') return askConstant(run.sessions, random);
  if (run.asking === 'rates') return askRates(world.rates, run.lanes, random);
  if (run.asking === 'sessions') return askSessions(world.sessions, run.lanes, random);
  return fillSessions(world.sessions, run.lanes, random, run.asking.fill);
};

/** When the next request is due: at once, or at its place in an even row. */
class Pace {
  readonly #run: Run;
  #startMs = 0;
  #sent = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  start(): void {
    this.#startMs = performance.now();
  }

  /** When the next one is due; Infinity: there are no more. */
  dueMs(): number {
    const { rate, seconds } = this.#run;
    const nowMs = performance.now();
    if (rate === null) return nowMs - this.#startMs < seconds * 1000 ? nowMs : Number.POSITIVE_INFINITY;
    return this.#sent < rate * seconds
      ? this.#startMs + (this.#sent * 1000) / rate
      : Number.POSITIVE_INFINITY;
  }

  sent(): void {
    this.#sent += 1;
  }
}

/** A timer is a millisecond late; the last two are waited for in turns of the event loop. */
const wakeAt = (dueMs: number, action: () => void): void => {
  const waitMs = dueMs - performance.now();
  if (waitMs > 2) setTimeout(action, Math.floor(waitMs) - 1);
  else setImmediate(action);
};

/** One run: lanes ask when something is due, and it ends when nothing is due or under way any more. */
class Runner {
  readonly #order: Run;
  readonly #dialect: Dialect;
  readonly #asking: Asking;
  readonly #pace: Pace;
  readonly #dueAtMs: Float64Array;
  readonly #idle: number[] = [];
  readonly #latencies: number[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #lanes: Lanes | undefined;
  #inFlight = 0;
  #denied = 0;

  constructor(order: Run) {
    this.#order = order;
    this.#dialect = dialects[order.dialect].of();
    this.#asking = askingOf(order);
    this.#pace = new Pace(order);
    this.#dueAtMs = new Float64Array(order.lanes);
  }

  async run(): Promise<Ran> {
    this.#lanes = await this.#open();
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
    this.#pace.start();
    for (let lane = this.#order.lanes - 1; lane >= 0; lane--) this.#idle.push(lane);
    this.#sendDue();
    try {
      await this.#ended.promise;
    } finally {
      this.#lanes.close();
    }
    const { user, system } = process.cpuUsage(startCpu);
    return this.#result((performance.now() - startMs) / 1000, (user + system) / 1e6);
  }

  #open(): Promise<Lanes> {
    const { port, lanes, connections, dialect } = this.#order;
    const { grpc } = dialects[dialect];
    const onAnswer = (lane: number, answer: Buffer): void => this.#onAnswer(lane, answer);
    const onFault = (fault: Error): void => this.#ended.reject(fault);
    return grpc === undefined
      ? openHttp(port, lanes, onAnswer, onFault)
      : openGrpc({ port, path: grpc, connections }, onAnswer, onFault);
  }

  /** Whether the lane is on its way. */
  #send(lane: number): boolean {
    const dueMs = this.#pace.dueMs();
    if (dueMs > performance.now()) return false;
    const question = this.#asking.next(lane);
    if (question === null) return false;
    this.#dueAtMs[lane] = dueMs;
    this.#pace.sent();
    this.#inFlight += 1;
    this.#lanes?.send(lane, this.#dialect.ask(lane, question));
    return true;
  }

  #onAnswer(lane: number, answer: Buffer): void {
    this.#latencies.push(performance.now() - (this.#dueAtMs[lane] ?? 0));
    const isDenied = this.#dialect.isDenied(answer);
    this.#asking.answered(lane, isDenied);
    this.#denied += isDenied ? 1 : 0;
    this.#inFlight -= 1;
    if (this.#send(lane)) return;
    this.#idle.push(lane);
    const isOver = this.#order.rate === null || this.#pace.dueMs() === Number.POSITIVE_INFINITY;
    if (this.#inFlight === 0 && isOver) this.#ended.resolve();
  }

  /** Sends what is due on idle lanes, and again when the next is. */
  #sendDue(): void {
    for (let lane = this.#idle.pop(); lane !== undefined; lane = this.#idle.pop())
      if (!this.#send(lane)) {
        this.#idle.push(lane);
        break;
      }
    const dueMs = this.#pace.dueMs();
    if (this.#order.rate !== null && dueMs < Number.POSITIVE_INFINITY) wakeAt(dueMs, () => this.#sendDue());
  }

  #result(seconds: number, cpuSeconds: number): Ran {
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    const counts = { answers: sorted.length, denied: this.#denied };
    return { ...counts, seconds, p50Ms: at(0.5), p99Ms: at(0.99), cpuSeconds };
  }
}

process.once('disconnect', () => process.exit());
process.on('message', (order) => {
  new Runner(order as Run).run().then(
    (ran) => process.send?.({ ran }),
    (fault) => process.send?.({ fault: fault instanceof Error ? fault.stack : String(fault) }),
  );
});
