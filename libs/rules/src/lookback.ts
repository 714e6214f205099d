/**
 * What a session did before: the newest runs (successive repeats collapsed) that sequence rules look at, and the newest
 * raw operations that expressions look at. Only admitted requests that match an operation are pushed.
 *
 *   pushes      A  A  B  A  (11 minutes)  C
 *   runs        A  A  AB ABA              C      a gap empties them
 *   raw         A  AA AAB AABA            AABAC  an hour is the limit of each
 */
import type { ShortId } from '@precede/contracts';

/** Operations a rule can look back on (docs/semantics.md, Lookback). */
export const maxRuns = 9;
/** Operations an expression can look back on. */
export const maxRaw = 10;
/** Runs are forgotten when two requests are more than this apart, ms. */
export const lookbackGapMs = 600_000;
/** A raw operation is forgotten when it is more than this old, ms. */
export const rawAgeMs = 3_600_000;

/** Mutable state of one session; all arrays oldest first, runs and their times of equal length. Plain data: it can be saved. */
export interface Lookback {
  /** Largest time pushed; -Infinity before the first. */
  lastMs: number;
  readonly runs: ShortId[];
  /** When the last request of each run was. */
  readonly runsMs: number[];
  readonly raw: ShortId[];
  readonly rawMs: number[];
}

export const createLookback = (): Lookback => ({
  lastMs: Number.NEGATIVE_INFINITY,
  runs: [],
  runsMs: [],
  raw: [],
  rawMs: [],
});

const nothing: readonly ShortId[] = Object.freeze([]);

/** Whether a request at `timeMs` still sees the runs. Times that go back (parallel requests) never make a gap. */
export const isWithinGap = (state: Lookback, timeMs: number): boolean =>
  timeMs - state.lastMs <= lookbackGapMs;

/** The collapsed operations that a request at `timeMs` looks back on, oldest first, at most 9. Not to be kept: it is the live state. */
export const runsAt = (state: Lookback, timeMs: number): readonly ShortId[] =>
  isWithinGap(state, timeMs) ? state.runs : nothing;

/** How many of the newest raw operations are at most an hour old at `timeMs`. */
export const rawCountAt = (state: Lookback, timeMs: number): number => {
  let count = 0;
  for (const each of state.rawMs) if (timeMs - each <= rawAgeMs) count += 1;
  return count;
};

/** Enters one admitted request; changes `state` in place. O(10). */
export const push = (state: Lookback, operation: ShortId, timeMs: number): void => {
  if (!isWithinGap(state, timeMs)) {
    state.runs.length = 0;
    state.runsMs.length = 0;
  }
  // A request stamped before its forerunner takes the forerunner's time: order is that of admission.
  state.lastMs = Math.max(state.lastMs, timeMs);
  pushRun(state, operation);
  state.raw.push(operation);
  state.rawMs.push(state.lastMs);
  if (state.raw.length > maxRaw) {
    state.raw.shift();
    state.rawMs.shift();
  }
};

const pushRun = (state: Lookback, operation: ShortId): void => {
  const newest = state.runs.length - 1;
  if (state.runs[newest] === operation) {
    state.runsMs[newest] = state.lastMs;
    return;
  }
  state.runs.push(operation);
  state.runsMs.push(state.lastMs);
  if (state.runs.length > maxRuns) {
    state.runs.shift();
    state.runsMs.shift();
  }
};
