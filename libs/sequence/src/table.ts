/** Counts of one form of sequences, as scores are computed from them. */
import { SequenceIndex } from './sequence-index.ts';

/** Occurrences of one sequence in the window, with its distinct sessions. */
export interface SequenceCount {
  /** Oldest first. */
  readonly operations: readonly number[];
  readonly occurrences: number;
  readonly sessions: number;
}

/** Of operations, oldest first: the same text for the same ones. */
export const keyOf = (operations: readonly number[]): string => operations.join(',');

/** Counts of one form by the numbers of an index. */
export interface CountTable {
  readonly index: SequenceIndex;
  readonly counts: Float64Array;
  /** What each count may be short of; undefined: exact. */
  readonly missed?: Float64Array | undefined;
  /** Distinct sessions of those sequences that are marked 1. */
  sessions(wanted: Uint8Array): (node: number) => number;
}

/** From a list of counts, each sequence once. */
export const tableOf = (list: readonly SequenceCount[]): CountTable => {
  const index = new SequenceIndex();
  const nodes = list.map(({ operations }) => index.of(operations));
  const counts = new Float64Array(index.size);
  const sessions = new Float64Array(index.size);
  for (const [i, { occurrences, sessions: distinct }] of list.entries()) {
    counts[nodes[i] as number] = occurrences;
    sessions[nodes[i] as number] = distinct;
  }
  return { index, counts, sessions: () => (node) => sessions[node] as number };
};
