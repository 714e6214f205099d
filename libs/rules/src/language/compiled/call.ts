/** Calls: one array of arguments for all evaluations, emptied after each, so that nothing of a request outlives it. */
import type { FunctionBody } from '../functions/definition.ts';
import type { Value } from '../values.ts';
import type { Getter } from './condition.ts';

export const callOnce = (body: FunctionBody, getters: readonly Getter[]): Getter => {
  // An evaluation ends before the next begins, and no call is inside itself.
  const args: (Value | undefined)[] = getters.map(() => undefined);
  return (slots) => {
    for (let at = 0; at < getters.length; at += 1) args[at] = (getters[at] as Getter)(slots);
    const result = body(args);
    args.fill(undefined);
    return result;
  };
};

/** The call for each item of its first argument; items for which it gives nothing are left out. */
export const callEach = (body: FunctionBody, [first, ...others]: readonly Getter[]): Getter => {
  const args: (Value | undefined)[] = [undefined, ...others.map(() => undefined)];
  return (slots) => {
    const items = (first as Getter)(slots) as readonly Value[] | undefined;
    if (items === undefined) return undefined;
    for (let at = 0; at < others.length; at += 1) args[at + 1] = (others[at] as Getter)(slots);
    const results: Value[] = [];
    for (const item of items) {
      args[0] = item;
      const result = body(args);
      if (result !== undefined) results.push(result);
    }
    args.fill(undefined);
    return results;
  };
};
