/** Sets and lists: members as a hash where they are single, as sorted ranges where they are not. */
import type { SetMember } from '../ast.ts';
import type { NamedList } from '../lists.ts';
import type { Value } from '../values.ts';

type Test = (value: Value) => boolean;

/** Whether a value is one of the members, all of one type. O(1) for texts, O(log members) for others. */
export const compileMembers = (members: readonly SetMember[]): Test => {
  const [first] = members;
  if (first === undefined) return () => false;
  if (first.kind === 'bytes') return compileTexts(members as readonly { value: string }[]);
  const ranges = members as readonly Range[];
  if (first.kind === 'int') return compileRanges(ranges);
  return compileFamilies(ranges as readonly Range<string>[]);
};

const compiledLists = new WeakMap<NamedList, Test>();

/** The same for a named list, worked out once for all rules that look in it. A list that is not there has no members. */
export const compileList = (list: NamedList | undefined): Test => {
  if (list === undefined) return () => false;
  const known = compiledLists.get(list);
  if (known !== undefined) return known;
  const test = compileMembers(list.members);
  compiledLists.set(list, test);
  return test;
};

interface Range<T = number | bigint | string> {
  readonly first: T;
  readonly last: T;
}

const compileTexts = (members: readonly { readonly value: string }[]): Test => {
  const [only] = members;
  if (members.length === 1 && only !== undefined) return (value) => value === only.value;
  const texts = new Set<Value>(members.map((member) => member.value));
  return (value) => texts.has(value);
};

/** Addresses of different families have different lengths and never meet. */
const compileFamilies = (ranges: readonly Range<string>[]): Test => {
  const v4 = compileRanges(ranges.filter((range) => range.first.length === 4));
  const v6 = compileRanges(ranges.filter((range) => range.first.length === 16));
  return (value) => ((value as string).length === 4 ? v4(value) : v6(value));
};

const merge = (ranges: readonly Range[]): readonly Range[] => {
  const merged: { first: Range['first']; last: Range['last'] }[] = [];
  for (const { first, last } of [...ranges].sort((a, b) =>
    a.first < b.first ? -1 : a.first > b.first ? 1 : 0,
  )) {
    const before = merged[merged.length - 1];
    if (before === undefined || first > before.last) merged.push({ first, last });
    else if (last > before.last) before.last = last;
  }
  return merged;
};

const compileRanges = (ranges: readonly Range[]): Test => {
  const merged = merge(ranges);
  const firsts = merged.map((range) => range.first);
  const lasts = merged.map((range) => range.last);
  return (value) => {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] as Range['first']) <= (value as Range['first'])) low = middle + 1;
      else high = middle;
    }
    return low > 0 && (value as Range['first']) <= (lasts[low - 1] as Range['first']);
  };
};
