/** What an editor offers at a place of a text, best first. */
import type { Span } from '../ast.ts';
import { type Field, fields } from '../fields/fields.ts';
import { functions } from '../functions/functions.ts';
import { type NamedLists, noLists } from '../lists.ts';
import { operators } from '../operators.ts';
import { printType, type Type } from '../types.ts';
import { type Cursor, cursorAt, type Expectation } from './cursor.ts';
import { logicalEntries, quantifierEntries } from './vocabulary.ts';

/** A saved operation, as people know it: `POST api.example.com/orders/{id}`. */
export interface NamedOperation {
  readonly shortId: string;
  readonly label: string;
}

export interface CompletionOptions {
  readonly lists?: NamedLists;
  readonly operations?: readonly NamedOperation[];
}

export interface CompletionItem {
  readonly label: string;
  readonly kind: 'field' | 'function' | 'operator' | 'word' | 'index' | 'operation' | 'list';
  /** Its type, signature or notations. */
  readonly detail: string;
  readonly doc: string;
  /** What to write over `replaces`. */
  readonly insert: string;
  readonly replaces: Span;
}

type Offer = Omit<CompletionItem, 'replaces'> & {
  /** Among equally good ones: the lower, the earlier. */
  readonly rank?: number;
  /** What else it is found by. */
  readonly alsoFoundBy?: string;
};

/** `offset` in UTF-16 units; a text may be unfinished or wrong. O(characters · offers). */
export const completionsAt = (
  text: string,
  offset: number,
  options: CompletionOptions = {},
): readonly CompletionItem[] => {
  const cursor = cursorAt(text, Math.max(0, Math.min(offset, text.length)));
  return ranked(offersFor(cursor.expects, options), cursor);
};

const ranked = (offers: readonly Offer[], { prefix, replaces }: Cursor): readonly CompletionItem[] =>
  offers
    .flatMap((offer) => {
      const match = matchOf(offer, prefix.toLowerCase());
      return match === null ? [] : [{ offer, order: match * 10 + (offer.rank ?? 0) }];
    })
    .sort((a, b) => a.order - b.order)
    .map(({ offer: { label, kind, detail, doc, insert } }) => ({
      label,
      kind,
      detail,
      doc,
      insert,
      replaces,
    }));

/** How well it fits what is written: its start, the start of a part of its name, anywhere; null if not at all. */
const matchOf = ({ label, alsoFoundBy = '' }: Offer, prefix: string): number | null => {
  const name = label.toLowerCase();
  if (name.startsWith(prefix)) return 0;
  if (name.includes(`.${prefix}`)) return 1;
  if (name.includes(`_${prefix}`)) return 2;
  return name.includes(prefix) || alsoFoundBy.toLowerCase().includes(prefix) ? 3 : null;
};

const offersFor = (
  expects: Expectation,
  { lists = noLists, operations = [] }: CompletionOptions,
): readonly Offer[] => {
  switch (expects.kind) {
    case 'operand':
      return operandOffers;
    case 'operator':
      return operatorOffers(expects.type);
    case 'logical':
      return logicalOffers;
    case 'operation':
      return operations.map((operation) => operationOffer(operation, expects.wrap));
    case 'list':
      return listOffers(lists, expects.type);
    case 'nothing':
      return [];
    default:
      return expects satisfies never;
  }
};

/** What is always missing, or has a newer name, comes last. */
const rankOf = ({ filledBy, aliasOf }: Field): number =>
  filledBy === 'nobody' ? 4 : aliasOf !== undefined ? 3 : filledBy === 'metadata' ? 1 : 0;

const fieldOffers: readonly Offer[] = fields.map((field) => ({
  label: field.name,
  kind: 'field',
  detail: printType(field.type),
  doc: field.doc,
  insert: field.name,
  rank: rankOf(field),
}));

const functionOffers: readonly Offer[] = functions
  .filter(({ place }) => place === 'any')
  .map(({ name, signature, doc }) => ({
    label: name,
    kind: 'function',
    detail: signature,
    doc,
    insert: `${name}(`,
    rank: 2,
  }));

const wordOffers = (entries: typeof logicalEntries, end: string): readonly Offer[] =>
  entries.map(({ name, notations, doc }) => ({
    label: name,
    kind: 'word',
    detail: notations.join(' '),
    doc,
    insert: name + end,
  }));

const operandOffers: readonly Offer[] = [
  ...fieldOffers,
  ...functionOffers,
  ...wordOffers(quantifierEntries, '('),
  ...wordOffers(
    logicalEntries.filter(({ name }) => name === 'not'),
    ' ',
  ),
];

const logicalOffers = wordOffers(
  logicalEntries.filter(({ name }) => name !== 'not'),
  ' ',
);

/** An array or a map has no operators: something is picked from it first. */
const indexOffers: Readonly<Record<string, readonly Offer[]>> = {
  array: [
    {
      label: '[*]',
      kind: 'index',
      detail: 'each item',
      doc: 'each item, in any(…) or all(…)',
      insert: '[*]',
    },
    {
      label: '[0]',
      kind: 'index',
      detail: 'first item',
      doc: 'the first item; missing if there is none',
      insert: '[0]',
    },
  ],
  map: [
    {
      label: '["key"]',
      kind: 'index',
      detail: 'value of a key',
      doc: 'the value of a key; missing without it',
      insert: '["',
    },
    {
      label: '[*]',
      kind: 'index',
      detail: 'each value',
      doc: 'each value, in any(…) or all(…)',
      insert: '[*]',
    },
  ],
};

const operatorOffers = (type: Type): readonly Offer[] =>
  indexOffers[type.kind] ??
  operators
    .filter(({ types }) => types.includes(type.kind))
    .map(({ name, tokens, doc }, at) => ({
      label: name,
      kind: 'operator',
      detail: tokens.join(' '),
      doc,
      insert: `${name} `,
      rank: at / operators.length,
    }));

const operationOffer = (
  { shortId, label }: NamedOperation,
  [before, after]: readonly [string, string],
): Offer => ({
  label: shortId,
  kind: 'operation',
  detail: label,
  doc: label,
  insert: before + shortId + after,
  alsoFoundBy: label,
});

const listOffers = (lists: NamedLists, type: Type): readonly Offer[] =>
  [...lists]
    .filter(([, list]) => list.type === type.kind)
    .map(([name, { type: kind, members }]) => ({
      label: `$${name}`,
      kind: 'list',
      detail: `${kind} list`,
      doc: `${members.length} items`,
      insert: `$${name}`,
    }));
