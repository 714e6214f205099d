/**
 * One sentence that says why an expression gave what it gave: which part decided, and which value of the request made
 * it so. Backend developers read it when a request was refused, so each word of it has to be true of that request.
 */
import type { ComparisonExpression, Index, Span } from '../ast.ts';
import type { Value } from '../values.ts';
import { itemsOf } from './bodies.ts';
import { pick, type Trace } from './evaluate.ts';
import { excerpt, show } from './show.ts';

/** Reasons of a part that needs all of its parts are listed up to here. */
const maxReasons = 3;

interface Decided {
  readonly part: Trace;
  /** Parts beside it that would have decided alike. */
  readonly others: number;
}

/** The smallest part that alone makes the whole what it is; the first in the text if there are several. */
const decisive = (trace: Trace): Decided => {
  const { node, children, value } = trace;
  const [child] = children;
  if (node.kind === 'group' && child !== undefined) return decisive(child);
  const isDecidedByOne =
    node.kind === 'combine' && (node.operator === 'and' ? value === false : value === true);
  if (!isDecidedByOne || node.operator === 'xor') return { part: trace, others: 0 };
  const alike = children.filter((each) => each.value === value);
  const [first] = alike;
  if (first === undefined) return { part: trace, others: 0 };
  const { part, others } = decisive(first);
  return { part, others: others + alike.length - 1 };
};

export const sentenceOf = (trace: Trace, text: string): string => {
  if (typeof trace.value !== 'boolean' || trace.kind === 'field' || trace.kind === 'call') {
    return trace.value === undefined
      ? `no value: ${missing(trace, text)}`
      : `the value of \`${excerpt(text, trace.span)}\` is ${show(trace.value, trace.type)}`;
  }
  const { part, others } = decisive(trace);
  const head = trace.value ? 'rule match' : 'no rule match';
  const more =
    others === 0 ? '' : `; ${others} more ${others === 1 ? 'part is' : 'parts are'} ${part.value} as well`;
  return `${head}: \`${excerpt(text, part.span)}\` is ${part.value}${because(part, text)}${more}`;
};

/** Nothing for a Bool field that stands alone: that it is true is all there is to say. */
const because = (part: Trace, text: string): string => {
  const [left] = part.children;
  if (part.node.kind !== 'is_true' || left?.value === undefined) return ` because ${reason(part, text)}`;
  const values = given(left, text);
  return values === '' ? '' : ` because ${values.slice(2, -1)}`;
};

const reason = (trace: Trace, text: string): string => {
  const { node, children } = trace;
  const [child] = children;
  switch (node.kind) {
    case 'combine': {
      const { part } = decisive(trace);
      return part === trace ? allReasons(trace, text) : reason(part, text);
    }
    case 'not':
    case 'group':
      return child === undefined ? '' : reason(child, text);
    case 'quantifier':
      return quantified(trace, text);
    default:
      return compared(trace, text);
  }
};

const listed = (parts: readonly string[]): string =>
  parts.length <= maxReasons
    ? parts.join(', and ')
    : `${parts.slice(0, maxReasons).join(', and ')} (and ${parts.length - maxReasons} more)`;

const allReasons = ({ node, children }: Trace, text: string): string => {
  if (node.kind !== 'combine' || node.operator !== 'xor')
    return listed(children.map((each) => reason(each, text)));
  const parts = listed(children.map((each) => `\`${excerpt(text, each.span, 60)}\` is ${each.value}`));
  return `${parts}; xor is true for an odd number of true parts`;
};

const indexText = (index: Index): string => {
  if (index.kind === 'each') return '[*]';
  return index.kind === 'at' ? `[${index.at}]` : `[${show(index.key, { kind: 'bytes' })}]`;
};

/** What is not there, where the value of `trace` is missing but that of its base is not. */
const gapIn = (trace: Trace, text: string): string | null => {
  const [base] = trace.children;
  if (trace.node.kind !== 'value' || base === undefined) return null;
  const { indexes } = trace.node;
  const at = indexes.findIndex((_each, count) => pick(base.value, indexes.slice(0, count + 1)) === undefined);
  const index = indexes[at];
  const before = indexes.slice(0, Math.max(at, 0));
  const owner = `${excerpt(text, base.span)}${before.map(indexText).join('')}`;
  if (index?.kind === 'key') return `${owner} has no ${show(index.key, { kind: 'bytes' })}`;
  const { length } = itemsOf(pick(base.value, before));
  if (length === 0) return `${owner} is empty`;
  return `${owner} has only ${length} ${length === 1 ? 'item' : 'items'}`;
};

/** Why a value is missing: what the request lacks, followed back as far as it goes. */
const missing = (trace: Trace, text: string): string => {
  const whole = excerpt(text, trace.span);
  const name = whole.replace(/\[\*\]$/, '');
  let cause = trace;
  for (let gap = emptyPart(cause); gap !== undefined; gap = emptyPart(cause)) cause = gap;
  if (cause.kind === 'field')
    return cause === trace ? `${name} is missing` : `${excerpt(text, cause.span)} is missing`;
  const lacking = gapIn(cause, text);
  if (lacking === null)
    return cause === trace ? `${name} gives nothing${given(trace, text)}` : missing(cause, text);
  return lacking;
};

const emptyPart = (trace: Trace): Trace | undefined =>
  trace.children.find((each) => each.value === undefined);

/** How a comparison is said of a value that satisfies it, and of one that does not. */
const verbs = (node: ComparisonExpression, text: string): readonly [string, string] => {
  const literal = 'literal' in node ? excerpt(text, node.literal) : '';
  switch (node.kind) {
    case 'is_true':
      return ['is true', 'is false'];
    case 'ordering': {
      const words = {
        eq: '',
        ne: '',
        lt: 'less than ',
        le: 'at most ',
        gt: 'more than ',
        ge: 'at least ',
      }[node.operator];
      const said = [`is ${words}${literal}`, `is not ${words}${literal}`] as const;
      return node.operator === 'ne' ? [said[1], said[0]] : said;
    }
    case 'bitwise_and':
      return [`has a bit in common with ${literal}`, `has no bit in common with ${literal}`];
    case 'contains':
      return [`contains ${literal}`, `does not contain ${literal}`];
    case 'matches':
      return [`matches \`${node.pattern}\``, `does not match \`${node.pattern}\``];
    case 'wildcard':
      return [`fits the wildcard ${literal}`, `does not fit the wildcard ${literal}`];
    case 'in_set': {
      const set = `{${excerpt(text, membersSpan(node.members))}}`;
      return [`is in ${set}`, `is not in ${set}`];
    }
    case 'in_list':
      return [`is in the list $${node.list}`, `is not in the list $${node.list}`];
    default:
      return node satisfies never;
  }
};

const membersSpan = (members: readonly Span[]): Span => ({
  start: members[0]?.start ?? 0,
  end: members.at(-1)?.end ?? 0,
});

const asComparison = ({ node, kind }: Trace): ComparisonExpression | null =>
  kind === 'comparison' ? (node as ComparisonExpression) : null;

const compared = (trace: Trace, text: string): string => {
  const node = asComparison(trace);
  const [left] = trace.children;
  if (node === null || left === undefined) return `it is ${show(trace.value, trace.type)}`;
  const nothing =
    node.kind === 'is_true'
      ? 'a missing value counts as false'
      : 'a comparison with a missing value is false';
  if (left.value === undefined) return `${missing(left, text)} (${nothing})`;
  const [yes, no] = verbs(node, text);
  const name = excerpt(text, left.span);
  const said = trace.value === true ? yes : no;
  if (node.kind === 'is_true') return `${name} ${said}${given(left, text)}`;
  const is = `${name} is ${show(left.value, left.type)}`;
  if (node.kind !== 'ordering' || (node.operator !== 'eq' && node.operator !== 'ne'))
    return `${is}, which ${said}`;
  return said.startsWith('is not ') ? `${is}, not ${excerpt(text, node.literal)}` : is;
};

/** The arguments of a call that are no literals, with their values. */
const given = (trace: Trace, text: string): string => {
  const values = trace.children
    .filter((each) => each.kind !== 'literal')
    .map((each) => `${excerpt(text, each.span)} is ${show(each.value, each.type)}`);
  return values.length === 0 ? '' : ` (${values.join(' and ')})`;
};

const withoutGroups = (trace: Trace): Trace => {
  const [child] = trace.children;
  return trace.node.kind === 'group' && child !== undefined ? withoutGroups(child) : trace;
};

const quantified = (trace: Trace, text: string): string => {
  const isAny = trace.node.kind === 'quantifier' && trace.node.operator === 'any';
  const word = isAny ? 'any' : 'all';
  const [argument] = trace.children;
  const inner = argument === undefined ? trace : withoutGroups(argument);
  const node = asComparison(inner);
  const [left] = inner.children;
  if (inner.value === undefined) return `${missing(inner, text)} (${word} of a missing value is false)`;
  const truths = itemsOf(inner.value);
  const decider = truths.indexOf(isAny);
  if (node === null || left === undefined || node.kind === 'is_true')
    return ofTruths(inner, text, { word, decider, isAny });
  const name = excerpt(text, left.span).replace(/\[\*\]$/, '');
  const items = itemsOf(left.value);
  if (items.length === 0) {
    const state = name.includes('[*]') ? `${name}[*] has no items` : `${name} is empty`;
    return `${left.value === undefined ? missing(left, text) : state} (${word} of nothing is ${!isAny})`;
  }
  const [yes, no] = verbs(node, text);
  const its = `(${excerpt(text, left.span).endsWith('[*]') ? 'it is' : 'its items are'} ${show(left.value, left.type)})`;
  const isEq = node.kind === 'ordering' && node.operator === 'eq' && isAny;
  if (isEq) return `${name} has ${decider === -1 ? 'no ' : ''}${excerpt(text, node.literal)} ${its}`;
  const isNe = node.kind === 'ordering' && node.operator === 'ne';
  if (decider === -1) return `${isAny === isNe ? 'every' : 'no'} item of ${name} ${isNe ? no : yes} ${its}`;
  return `an item of ${name}, ${show(items[decider] as Value, itemType(left))}, ${isAny ? yes : no}`;
};

const itemType = ({ type }: Trace): Trace['type'] => ('of' in type ? type.of : type);

/** Where the argument is no plain comparison: what it gave for each item, and the values it looked at. */
const ofTruths = (
  inner: Trace,
  text: string,
  { word, decider, isAny }: { word: string; decider: number; isAny: boolean },
): string => {
  const name = `\`${excerpt(text, inner.span)}\``;
  const seen = starred(inner).map((each) => `${excerpt(text, each.span)} is ${show(each.value, each.type)}`);
  const where = seen.length === 0 ? '' : ` (${[...new Set(seen)].join(', ')})`;
  if (itemsOf(inner.value).length === 0)
    return `${name} has no items${where}; ${word} of nothing is ${!isAny}`;
  if (decider === -1) return `${name} is ${isAny ? 'false' : 'true'} for every item${where}`;
  return `${name} is ${isAny} for item ${decider}, counted from 0${where}`;
};

/** The values with a star that a part looks at, in the order of the text. */
const starred = (trace: Trace): readonly Trace[] =>
  trace.node.kind === 'value' && trace.node.stars > 0 ? [trace] : trace.children.flatMap(starred);
