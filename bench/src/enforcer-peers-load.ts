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
  readonly #startMs = performance.now();
  readonly #run: Run;
  #sent = 0;

  constructor(run: Run) {
    this.#run = run;
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

const run = async (order: Run): Promise<Ran> => {
  const { of, grpc } = dialects[order.dialect];
  const dialect = of();
  const asking = askingOf(order);
  const pace = new Pace(order);
  const latencies: number[] = [];
  const dueAtMs = new Float64Array(order.lanes);
  const idle: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let denied = 0;
  let inFlight = 0;
  let lanes: Lanes;

  /** Whether the lane is on its way. */
  const send = (lane: number): boolean => {
    const dueMs = pace.dueMs();
    if (dueMs > performance.now()) return false;
    const question = asking.next(lane);
    if (question === null) return false;
    dueAtMs[lane] = dueMs;
    pace.sent();
    inFlight += 1;
    lanes.send(lane, dialect.ask(lane, question));
    return true;
  };
  const onAnswer = (lane: number, answer: Buffer): void => {
    latencies.push(performance.now() - (dueAtMs[lane] ?? 0));
    const isDenied = dialect.isDenied(answer);
    asking.answered(lane, isDenied);
    denied += isDenied ? 1 : 0;
    inFlight -= 1;
    if (send(lane)) return;
    idle.push(lane);
    if (inFlight === 0 && (order.rate === null || pace.dueMs() === Number.POSITIVE_INFINITY)) resolve();
  };
  const sendDue = (): void => {
    for (let lane = idle.pop(); lane !== undefined; lane = idle.pop())
      if (!send(lane)) {
        idle.push(lane);
        break;
      }
    const dueMs = pace.dueMs();
    if (dueMs < Number.POSITIVE_INFINITY) wakeAt(dueMs, sendDue);
  };

  lanes =
    grpc === undefined
      ? await openHttp(order.port, order.lanes, onAnswer, reject)
      : await openGrpc({ port: order.port, path: grpc, connections: order.connections }, onAnswer, reject);
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  for (let lane = order.lanes - 1; lane >= 0; lane--) if (order.rate !== null || !send(lane)) idle.push(lane);
  if (order.rate !== null) sendDue();
  try {
    await promise;
  } finally {
    lanes.close();
  }
  const { user, system } = process.cpuUsage(startCpu);
  const seconds = (performance.now() - startMs) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    ...{ answers: latencies.length, denied, seconds, cpuSeconds: (user + system) / 1e6 },
    ...{ p50Ms: at(0.5), p99Ms: at(0.99) },
  };
};

process.once('disconnect', () => process.exit());
process.on('message', (order) => {
  run(order as Run).then(
    (ran) => process.send?.({ ran }),
    (fault) => process.send?.({ fault: fault instanceof Error ? fault.stack : String(fault) }),
  );
});
