/** Seeded sequenced requests, as the sessionizer would send them: journeys with noise and repeats, sessions beside each other. */
import type { SequenceObserved, ShortId, SourceId, ZoneId } from '@precede/contracts';
import { seeded } from '@precede/testkit/seeded';

export interface TrafficOptions {
  readonly requests: number;
  readonly operations: number;
  readonly journeys: number;
  /** Share of requests that are any operation. */
  readonly noise: number;
  readonly seed: number;
  /** Over how long the requests are spread; default: 10 ms each. */
  readonly spanMs?: number;
  readonly firstMs?: number;
  /** Share of requests that end a journey with one and the same operation. */
  readonly hotShare?: number;
}

export const trafficZone = 'a'.repeat(32) as ZoneId;
const newestRuns = 10;
const together = 64;

interface Session {
  readonly pseudonym: string;
  readonly steps: readonly number[];
  at: number;
  runs: { operation: number; length: number }[];
}

export function* makeTraffic(options: TrafficOptions): Generator<SequenceObserved> {
  const { requests, operations, journeys, noise, seed, hotShare = 0 } = options;
  const next = seeded(seed);
  const random = (n: number): number => Math.floor(next() * n);
  const firstMs = options.firstMs ?? 1_800_000_000_000;
  const spanMs = options.spanMs ?? requests * 10;
  const paths = Array.from({ length: journeys }, () =>
    Array.from({ length: 4 + random(5) }, () => 1 + random(operations - 1)),
  );
  let made = 0;
  const open = (): Session => {
    made += 1;
    const steps = Array.from({ length: 1 + random(4) }, () => paths[random(journeys)] ?? []).flat();
    const pseudonym = (Math.imul(made, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0').padEnd(16, '0');
    return { pseudonym, steps, at: 0, runs: [] };
  };
  const sessions = Array.from({ length: together }, open);
  for (let i = 0; i < requests; i += 1) {
    const place = random(together);
    const session = sessions[place] as Session;
    const step = session.steps[session.at] as number;
    const operation = next() < noise ? 1 + random(operations - 1) : next() < hotShare ? 0 : step;
    yield observed(session, operation, firstMs + Math.floor((i * spanMs) / requests));
    session.at += 1;
    if (session.at >= session.steps.length) sessions[place] = open();
  }
}

const observed = (session: Session, operation: number, timeMs: number): SequenceObserved => {
  const last = session.runs.at(-1);
  if (last?.operation === operation) last.length += 1;
  else session.runs.push({ operation, length: 1 });
  if (session.runs.length > newestRuns) session.runs.shift();
  return {
    zoneId: trafficZone,
    timeMs,
    source: 'live' as SourceId,
    operations: session.runs.map((run) => run.operation as ShortId),
    runLengths: session.runs.map((run) => run.length),
    ageMs: session.runs.map(() => 0),
    pseudonym: session.pseudonym,
  };
};
