/** What is picked from a value by its indexes, and the items that `[*]` goes over. */
import type { Index } from '../ast.ts';
import type { Value } from '../values.ts';
import type { Getter } from './condition.ts';

export const pickAll = (base: Getter, indexes: readonly Index[]): Getter => indexes.reduce(pickOne, base);

const pickOne = (get: Getter, index: Index): Getter => {
  if (index.kind === 'at') {
    const { at } = index;
    return (slots) => (get(slots) as readonly Value[] | undefined)?.[at];
  }
  const { key } = index as Extract<Index, { kind: 'key' }>;
  return (slots) => (get(slots) as ReadonlyMap<string, Value> | undefined)?.get(key);
};

/** Items of an array; values of a map by the order of their keys' bytes. */
export const itemsOf = (found: Value): readonly Value[] => {
  if (Array.isArray(found)) return found as readonly Value[];
  const map = found as ReadonlyMap<string, Value>;
  if (map.size < 2) return [...map.values()];
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
};

/** Several stars, or an index behind one: whatever is found along the way, missing parts left out. */
export const flatten = (base: Getter, indexes: readonly Index[]): Getter => {
  const steps = indexes.map((index) => (found: Value): readonly Value[] => {
    if (index.kind === 'each') return itemsOf(found);
    const item =
      index.kind === 'at'
        ? (found as readonly Value[])[index.at]
        : (found as ReadonlyMap<string, Value>).get(index.key);
    return item === undefined ? [] : [item];
  });
  return (slots) => {
    const found = base(slots);
    if (found === undefined) return undefined;
    return steps.reduce<readonly Value[]>((items, step) => items.flatMap(step), [found]);
  };
};
