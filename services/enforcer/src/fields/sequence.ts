/**
 * What the session did before (docs/semantics.md, Sequence rules). A request whose zone keeps no state for it has "", []
 * and {}: a rule that names an operation then never matches. Times of parallel requests may lie ahead: that is 0 ms ago.
 */
import type { ShortId } from '@precede/contracts';
import { type Lookback, rawCountAt } from '@precede/rules';
import type { FieldContext, FieldReaders } from './context.ts';
import { shortText } from './short-text.ts';

const noOperations: readonly string[] = Object.freeze([]);
const noTimes: ReadonlyMap<string, number> = new Map();

const currentOp = ({ history, operation }: FieldContext): string =>
  history === null || operation === undefined ? '' : shortText(operation.shortId);

const previousOps = ({ history, timeMs }: FieldContext): readonly string[] => {
  if (history === null) return noOperations;
  const names: string[] = [];
  const last = oldest(history, timeMs);
  for (let at = history.raw.length - 1; at >= last; at -= 1)
    names.push(shortText(history.raw[at] as ShortId));
  return names;
};

const msecSinceOp = ({ history, timeMs }: FieldContext): ReadonlyMap<string, number> => {
  if (history === null) return noTimes;
  const times = new Map<string, number>();
  // Oldest first, so that the newest occurrence stands in the end.
  for (let at = oldest(history, timeMs); at < history.raw.length; at += 1)
    times.set(shortText(history.raw[at] as ShortId), Math.max(0, timeMs - (history.rawMs[at] as number)));
  return times;
};

/** Where the operations of the last hour begin. */
const oldest = (history: Lookback, timeMs: number): number =>
  history.raw.length - rawCountAt(history, timeMs);

export const sequenceReaders: FieldReaders = {
  'cf.sequence.current_op': currentOp,
  'cf.sequence.previous_ops': previousOps,
  'cf.sequence.msec_since_op': msecSinceOp,
};
