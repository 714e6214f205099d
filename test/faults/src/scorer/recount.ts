/**
 * A plain recount of records of sequences.v1, written from the specification alone: no code of libs/sequence is used
 * here. Slow and obvious on purpose.
 */
import type { SequenceObserved } from '@precede/contracts';

const hourMs = 3_600_000;
const longest = 9;

export type Form = 'collapsed' | 'raw' | 'pair';

export const hourOf = (timeMs: number): number => Math.floor(timeMs / hourMs) * hourMs;

/** Every occurrence that the newest request of a record completes. */
export function* occurrences(
  record: Pick<SequenceObserved, 'operations' | 'runLengths'>,
): Generator<readonly [Form, readonly number[]]> {
  const { operations, runLengths } = record;
  const raw: number[] = [];
  for (let run = operations.length - 1; run >= 0; run -= 1)
    for (let n = 0; n < (runLengths[run] ?? 0) && raw.length < longest; n += 1)
      raw.unshift(operations[run] ?? 0);
  for (let n = 1; n <= raw.length; n += 1) yield ['raw', raw.slice(-n)];
  // A repeat is one with what it repeats.
  if (runLengths.at(-1) !== 1) return;
  for (let n = 1; n <= Math.min(longest, operations.length); n += 1)
    yield ['collapsed', operations.slice(-n)];
  const end = operations.at(-1) ?? 0;
  for (const start of new Set(operations.slice(-10, -1))) yield ['pair', [start, end]];
}

export interface Count {
  occurrences: number;
  readonly sessions: Set<number>;
}

/** `form operations` → count, of one zone over all hours it was given. */
export class Recount {
  readonly counts = new Map<string, Count>();

  /** `prefix` parts what is to be counted apart, as by hours. */
  add(record: SequenceObserved, prefix = ''): void {
    const session = Number.parseInt(record.pseudonym.slice(0, 8), 16);
    for (const [form, operations] of occurrences(record)) {
      const key = `${prefix}${form} ${operations}`;
      const known = this.counts.get(key);
      if (known === undefined) this.counts.set(key, { occurrences: 1, sessions: new Set([session]) });
      else {
        known.occurrences += 1;
        known.sessions.add(session);
      }
    }
  }

  of(form: Form, operations: readonly number[]): number {
    return this.counts.get(`${form} ${operations}`)?.occurrences ?? 0;
  }
}

/** The 32 smallest hashes: what the tables keep of the sessions of a sequence. */
export const sketchOf = (sessions: ReadonlySet<number>): number[] =>
  [...sessions].sort((a, b) => a - b).slice(0, 32);
