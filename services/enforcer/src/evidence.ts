/** What a decision saw, for its receipt. */
import { rawCountAt } from '@precede/rules';
import { type Evidence, noEvidence } from './outcome.ts';
import type { Question } from './question.ts';

const nothing: readonly never[] = Object.freeze([]);

/** Copied before the request is entered: the states of a store are live. */
export const evidenceOf = ({ lookback, history, timeMs, runs }: Question): Evidence => {
  const newest = history === null ? 0 : rawCountAt(history, timeMs);
  if (newest === 0 && runs.length === 0) return noEvidence;
  return {
    lookback: runs.slice(),
    lookbackMs: runs.length === 0 ? nothing : lookback.runsMs.slice(),
    raw: newest === 0 ? nothing : (history?.raw.slice(-newest) ?? nothing),
    rawMs: newest === 0 ? nothing : (history?.rawMs.slice(-newest) ?? nothing),
  };
};
