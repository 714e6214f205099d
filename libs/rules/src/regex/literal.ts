/**
 * What a pattern demands of a text in plain bytes: found by the runtime's own search, which is faster than any table. That search
 * is linear for short needles alone, so a longer one is cut.
 */
import { type Hir, startsAtText } from './hir.ts';
import { Look } from './look.ts';

export type LiteralPlan =
  /** The pattern is this text, held at the start or the end of the input or at neither. */
  | { readonly kind: 'whole'; readonly bytes: string; readonly atStart: boolean; readonly atEnd: boolean }
  /** Every match begins with `prefix` and has `inner` somewhere; empty if nothing is known. */
  | { readonly kind: 'part'; readonly prefix: string; readonly inner: string };

/** V8 searches by Boyer and Moore's rules, but for the last 255 bytes of a needle only. */
const maxNeedleBytes = 200;

export const planLiterals = (hir: Hir): LiteralPlan => wholePlan(hir) ?? { kind: 'part', ...partsOf(hir) };

const wholePlan = (hir: Hir): LiteralPlan | undefined => {
  const items = itemsOf(hir);
  const atStart = isLook(items[0], Look.textStart);
  const atEnd = items.length > (atStart ? 1 : 0) && isLook(items.at(-1), Look.textEnd);
  const between = items.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  if (between.length > 1) return undefined;
  const bytes = between[0] === undefined ? '' : plainBytesOf(between[0]);
  const isLong = bytes !== undefined && !atStart && !atEnd && bytes.length > maxNeedleBytes;
  return bytes === undefined || isLong ? undefined : { kind: 'whole', bytes, atStart, atEnd };
};

const itemsOf = (hir: Hir): readonly Hir[] => {
  if (hir.kind === 'concatenation') return hir.items;
  return hir.kind === 'empty' ? [] : [hir];
};

const isLook = (hir: Hir | undefined, look: Look): boolean => hir?.kind === 'look' && hir.look === look;

const plainBytesOf = (hir: Hir): string | undefined => {
  if (hir.kind === 'literal') return hir.bytes;
  return hir.kind === 'capture' ? plainBytesOf(hir.item) : undefined;
};

const partsOf = (hir: Hir): { readonly prefix: string; readonly inner: string } => {
  // Where a match has but one place to start, the table knows after a few bytes.
  if (startsAtText(hir)) return { prefix: '', inner: '' };
  const prefix = prefixOf(hir).slice(0, maxNeedleBytes);
  const inner = innerOf(hir).slice(0, maxNeedleBytes);
  return { prefix, inner: prefix.includes(inner) ? '' : inner };
};

const prefixOf = (hir: Hir): string => {
  switch (hir.kind) {
    case 'literal':
      return hir.bytes;
    case 'capture':
      return prefixOf(hir.item);
    case 'repetition':
      return hir.min > 0 ? prefixOf(hir.item) : '';
    case 'concatenation':
      return prefixOf(hir.items[0] as Hir);
    default:
      return '';
  }
};

/** The longest literal that no match goes without. */
const innerOf = (hir: Hir): string => {
  switch (hir.kind) {
    case 'literal':
      return hir.bytes;
    case 'capture':
      return innerOf(hir.item);
    case 'repetition':
      return hir.min > 0 ? innerOf(hir.item) : '';
    case 'concatenation':
      return hir.items
        .map(innerOf)
        .reduce((longest, each) => (each.length > longest.length ? each : longest), '');
    default:
      return '';
  }
};
