/**
 * The record of an evaluation made readable: a sentence, lines for people, and a tree for JSON. Nothing is worked out
 * again here. Keys of is_timed_hmac_valid_v0 are secrets and never shown.
 */
import { printType } from '../types.ts';
import type { Trace, TraceKind } from './evaluate.ts';
import { sentenceOf } from './reason.ts';
import { excerpt, type Plain, secretUnit, show, toPlain } from './show.ts';

export interface ExplainedPart {
  /** The part as it is written, UTF-16 units `start` to `end` of the expression. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly kind: TraceKind;
  /** As in messages: `Bool`, `Array<Bytes>`. */
  readonly type: string;
  readonly value: Plain;
  readonly missing?: true;
  readonly children: readonly ExplainedPart[];
}

export interface Explanation {
  /** Which part decided, and why. */
  readonly sentence: string;
  /** The tree drawn with one part a line, the truth of each in front. */
  readonly lines: readonly string[];
  readonly tree: ExplainedPart;
}

/** `text` is what `trace` is the record of. O(parts). */
export const explain = (trace: Trace, text: string): Explanation => {
  const shown = secretsOf(trace).reduce(conceal, text);
  return {
    sentence: sentenceOf(trace, shown),
    lines: linesOf(trace, shown),
    tree: treeOf(trace, shown, false),
  };
};

const isSecret = (parent: Trace, at: number): boolean =>
  parent.node.kind === 'call' && parent.node.definition.name === 'is_timed_hmac_valid_v0' && at === 0;

const secretsOf = (trace: Trace): readonly Trace[] =>
  trace.children.flatMap((child, at) => (isSecret(trace, at) ? [child] : secretsOf(child)));

/** Of the same length, so that all positions still hold. */
const conceal = (text: string, { span: { start, end } }: Trace): string =>
  `${text.slice(0, start)}${secretUnit.repeat(end - start)}${text.slice(end)}`;

const treeOf = (trace: Trace, text: string, hidden: boolean): ExplainedPart => ({
  text: excerpt(text, trace.span, 4096),
  start: trace.span.start,
  end: trace.span.end,
  kind: trace.kind,
  type: printType(trace.type),
  value: hidden ? '***' : toPlain(trace.value, trace.type),
  ...(trace.value === undefined ? { missing: true as const } : {}),
  children: trace.children.map((child, at) => treeOf(child, text, isSecret(trace, at))),
});

const isTruth = ({ kind, value }: Trace): boolean =>
  (kind === 'logical' || kind === 'comparison') && typeof value === 'boolean';

/** Lines of a part that has parts below it are kept short: those say the rest. */
const maxParent = 48;
const maxLeaf = 120;

const short = (trace: Trace, text: string, limit = maxParent): string => {
  const whole = excerpt(text, trace.span, maxParent + 1);
  const [child] = trace.children;
  if (whole.length <= limit || trace.kind !== 'logical' || child === undefined)
    return excerpt(text, trace.span, maxLeaf);
  switch (trace.node.kind) {
    case 'combine':
      return trace.children.map(() => '…').join(` ${trace.node.operator} `);
    case 'not':
      return `not ${short(child, text, 0)}`;
    case 'quantifier':
      return `${trace.node.operator}(…)`;
    default:
      return '(…)';
  }
};

/** Parts that a line of their own tells nothing about are left out: literals, and what is picked from with success. */
const below = (trace: Trace): readonly Trace[] => {
  const [child] = trace.children;
  if (trace.node.kind === 'is_true' && child !== undefined) return below(child);
  const hasGap = trace.value === undefined && child?.value !== undefined;
  if (trace.kind === 'index' && child?.kind === 'field' && !hasGap) return [];
  return trace.children.filter((each) => each.kind !== 'literal');
};

const lineOf = (trace: Trace, text: string, isRoot: boolean): string => {
  const name = isRoot ? excerpt(text, trace.span, 4 * maxLeaf) : short(trace, text);
  if (!isTruth(trace))
    return `${name} ${trace.value === undefined ? 'is' : '='} ${show(trace.value, trace.type)}`;
  const isMissing = trace.node.kind === 'is_true' && trace.children[0]?.value === undefined;
  return isMissing ? `${name} is missing` : name;
};

const linesOf = (root: Trace, text: string): readonly string[] => {
  const lines: string[] = [];
  const draw = (trace: Trace, own: string, under: string): void => {
    const truth = isTruth(trace) ? String(trace.value) : '';
    lines.push(`${truth.padEnd(7)}${own}${lineOf(trace, text, trace === root)}`);
    const parts = below(trace);
    parts.forEach((part, at) => {
      const isLast = at === parts.length - 1;
      draw(part, `${under}${isLast ? '└' : '├'} `, `${under}${isLast ? ' ' : '│'} `);
    });
  };
  draw(root, '', '');
  return lines;
};
