/** Patterns and texts at random for the tests of the matchers, and the meaning of a pattern's tree, read off naively. */
import fc from 'fast-check';
import type { Hir } from './hir.ts';
import { holdsAt, type Look } from './look.ts';
import { contains } from './ranges.ts';
import type { RegexLimits } from './regex.ts';

/** Room for the sets of Unicode that patterns repeat. */
export const roomy: Partial<RegexLimits> = { maxStates: 65_000, maxSlots: Number.POSITIVE_INFINITY };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decode = (bytes: string): string | undefined => {
  try {
    return decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
};

/** Every place where a match of `hir` can end that starts at one of `starts`: the meaning of the tree, read off. */
export const endsOf = (hir: Hir, text: string, starts: ReadonlySet<number>): ReadonlySet<number> => {
  switch (hir.kind) {
    case 'empty':
      return starts;
    case 'literal':
      return each(starts, (at) => (text.startsWith(hir.bytes, at) ? [at + hir.bytes.length] : []));
    case 'bytes':
      return each(starts, (at) =>
        at < text.length && contains(hir.set, text.charCodeAt(at)) ? [at + 1] : [],
      );
    case 'scalars':
      return each(starts, (at) =>
        [1, 2, 3, 4].flatMap((length) => {
          const char = at + length <= text.length ? decode(text.slice(at, at + length)) : undefined;
          const isOne = char !== undefined && [...char].length === 1;
          return isOne && contains(hir.set, char.codePointAt(0) as number) ? [at + length] : [];
        }),
      );
    case 'look':
      return each(starts, (at) => (holdsAt(hir.look as Look, text, at) ? [at] : []));
    case 'concatenation':
      return hir.items.reduce((ends, item) => endsOf(item, text, ends), starts);
    case 'alternation':
      return new Set(hir.branches.flatMap((branch) => [...endsOf(branch, text, starts)]));
    case 'capture':
      return endsOf(hir.item, text, starts);
    case 'repetition':
      return repeatedEnds(hir, text, starts);
    default:
      return hir satisfies never;
  }
};

const each = (starts: ReadonlySet<number>, step: (at: number) => readonly number[]): ReadonlySet<number> =>
  new Set([...starts].flatMap(step));

const repeatedEnds = (
  { item, min, max }: Hir & { readonly kind: 'repetition' },
  text: string,
  starts: ReadonlySet<number>,
): ReadonlySet<number> => {
  let now = starts;
  for (let i = 0; i < min; i++) now = endsOf(item, text, now);
  const all = new Set(now);
  for (let i = min; i < max && now.size > 0; i++) {
    now = new Set([...endsOf(item, text, now)].filter((at) => !all.has(at)));
    for (const at of now) all.add(at);
  }
  return all;
};

export const isMatch = (hir: Hir, text: string): boolean =>
  endsOf(hir, text, new Set(Array.from({ length: text.length + 1 }, (_, i) => i))).size > 0;

const leaf = fc.constantFrom(
  'a',
  'b',
  'ab',
  '.',
  '[ab]',
  '[^a]',
  '-',
  '^',
  '$',
  String.raw`\w`,
  String.raw`\W`,
  String.raw`\b`,
  String.raw`\B`,
  String.raw`\xC3`,
  'é',
  String.raw`\d`,
  String.raw`\b{start}`,
  String.raw`\b{end-half}`,
  '(?u:.)',
  '(?u:[^a-é])',
  String.raw`(?u:\w)`,
  String.raw`(?u:\b)`,
  String.raw`(?u:\B)`,
  '(?iu:K)',
  '(?mR:^)',
  '(?mR:$)',
  '(?m:$)',
  '(?m:^)',
  '',
);
const operator = fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,3}?', '{2,}', '{0}');

export const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('piece'), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((pieces) => pieces.join('')).join('|')),
  piece: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaf,
    fc.tuple(tie('pattern'), operator).map(([inner, suffix]) => `(?:${inner})${suffix}`),
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?i:${inner})`),
  ),
}));

export const text = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'A',
      'K',
      '-',
      '1',
      '\n',
      '\r',
      '\xc3\xa9',
      '\xe2\x84\xaa',
      '\xc3',
      '\xff',
      '\xa9',
    ),
    { maxLength: 9 },
  )
  .map((parts) => parts.join(''));
