/**
 * The canonical notation of an expression, broken over lines where one is too short for it:
 *
 *   cf.sequence.current_op eq "7e57ab1e"
 *   and not any(cf.sequence.previous_ops[*] eq "10ad1de0")
 *   and (
 *     ip.src in {192.0.2.0/24 198.51.100.0/24}
 *     or http.host eq "api.example.com"
 *   )
 *
 * It changes white space and notation, never the tree: parentheses stay, also those that are not needed.
 */
import type { Argument, ComparisonExpression, Expression, ValueExpression } from '../ast.ts';
import { maxCharacters, parseExpression } from '../expression.ts';
import type { ExpressionFault } from '../faults.ts';
import { printArgument, printComparison, printExpression, printMember, printValue } from '../print.ts';

export interface FormatOptions {
  /** Characters of a line; longer ones are those of one token. */
  readonly width?: number;
}

export type FormattedExpression =
  | { readonly kind: 'formatted'; readonly text: string }
  | { readonly kind: 'refused'; readonly fault: ExpressionFault };

const defaultWidth = 100;

/**
 * Idempotent. A text that would come to be longer than an expression may be stays on one line, or as it is. O(characters
 * · depth).
 */
export const formatExpression = (text: string, options: FormatOptions = {}): FormattedExpression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'refused') return parsed;
  const { expression } = parsed;
  const { width = defaultWidth } = options;
  const forms = [layOut(expression, { width, indent: 0, before: 0, after: 0 }), printExpression(expression)];
  const chosen = forms.find((form) => form.length <= maxCharacters || lengthOf(form) <= maxCharacters);
  return { kind: 'formatted', text: chosen ?? text };
};

const lengthOf = (text: string): number => [...text].length;

/** Where a piece is put: characters of its first line that stand before it, and of its last one behind it. */
interface Place {
  readonly width: number;
  /** Spaces that its further lines begin with. */
  readonly indent: number;
  readonly before: number;
  readonly after: number;
}

const step = 2;

/** Whether a text, which may hold line feeds in its literals, keeps to the width. */
const fits = (text: string, { width, before, after }: Place): boolean => {
  const lines = text.split('\n');
  return lines.every(
    (line, at) => (at === 0 ? before : 0) + lengthOf(line) + (at === lines.length - 1 ? after : 0) <= width,
  );
};

const newLine = (indent: number): string => `\n${' '.repeat(indent)}`;

/** Lines of their own, one step further in. */
const inner = ({ width, indent }: Place): Place => {
  const further = indent + step;
  return { width, indent: further, before: further, after: 0 };
};

const layOut = (expression: Expression, place: Place): string => {
  const whole = printExpression(expression);
  if (fits(whole, place)) return whole;
  switch (expression.kind) {
    case 'combine':
      return layOutCombine(expression, place);
    case 'not':
      return `not ${layOut(expression.of, { ...place, before: place.before + 'not '.length })}`;
    case 'group':
      return enclosed('(', expression.of, place);
    case 'quantifier':
      return layOutQuantifier(expression, place);
    default:
      return layOutComparison(expression, place);
  }
};

/** What opens, the expression on lines of its own, and what closes. */
const enclosed = (opening: string, of: Expression, place: Place): string => {
  const further = inner(place);
  return `${opening}${newLine(further.indent)}${layOut(of, further)}${newLine(place.indent)})`;
};

/** Operands that bind closer are further in where they take several lines. */
const layOutCombine = (
  { operator, items }: Extract<Expression, { kind: 'combine' }>,
  place: Place,
): string => {
  const last = items.length - 1;
  const lines = items.map((item, at) => {
    const indent = item.kind === 'combine' ? place.indent + step : place.indent;
    const lead = at === 0 ? '' : `${operator} `;
    const before = at === 0 ? place.before : place.indent + lead.length;
    return lead + layOut(item, { ...place, indent, before, after: at === last ? place.after : 0 });
  });
  return lines.join(newLine(place.indent));
};

const layOutQuantifier = (
  { operator, of }: Extract<Expression, { kind: 'quantifier' }>,
  place: Place,
): string => {
  if (of.kind === 'logical' && of.of.kind === 'group') {
    const group = layOut(of.of, {
      ...place,
      before: place.before + operator.length + 1,
      after: place.after + 1,
    });
    return `${operator}(${group})`;
  }
  if (of.kind === 'logical') return enclosed(`${operator}(`, of.of, place);
  const further = inner(place);
  return `${operator}(${newLine(further.indent)}${layOutArgument(of, further)}${newLine(place.indent)})`;
};

const layOutArgument = (argument: Argument, place: Place): string => {
  if (argument.kind === 'logical') return layOut(argument.of, place);
  return argument.kind === 'value' ? layOutValue(argument, place) : printArgument(argument);
};

/** A call that is too long has each argument on a line of its own. */
const layOutValue = (value: ValueExpression, place: Place): string => {
  const whole = printValue(value);
  if (fits(whole, place) || value.base.kind === 'field') return whole;
  const { args, definition } = value.base;
  const further = inner(place);
  const last = args.length - 1;
  const lines = args.map((each, at) => {
    const comma = at === last ? '' : ',';
    return layOutArgument(each, { ...further, after: comma.length }) + comma;
  });
  const open = newLine(further.indent);
  // What is picked from the call stands behind its closing parenthesis.
  const bare = printValue({ ...value, indexes: [] });
  const indexes = whole.slice(bare.length);
  return `${definition.name}(${open}${lines.join(open)}${newLine(place.indent)})${indexes}`;
};

/** The right side beside the left one; below it, one step further in, where there is no room. */
const layOutComparison = (comparison: ComparisonExpression, place: Place): string => {
  const { value } = comparison;
  const isAlone = comparison.kind === 'is_true';
  const left = layOutValue(value, isAlone ? place : { ...place, after: 0 });
  if (isAlone) return left;
  const right = printComparison(comparison).slice(printValue(value).length + 1);
  const lineEnd = left.lastIndexOf('\n');
  const end = lineEnd === -1 ? place.before + lengthOf(left) : lengthOf(left.slice(lineEnd + 1));
  const beside = { ...place, before: end + 1 };
  const below = { ...place, indent: place.indent + step, before: place.indent + step };
  if (fits(right, beside)) return `${left} ${right}`;
  const belowLeft = `${left}${newLine(below.indent)}`;
  if (comparison.kind === 'in_set' && comparison.members.length > 0)
    return fits(setStart, { ...beside, after: 0 })
      ? `${left} ${layOutSet(comparison, place)}`
      : `${belowLeft}${fits(right, below) ? right : layOutSet(comparison, below)}`;
  if (fits(right, below)) return `${belowLeft}${right}`;
  const [, operator = '', literal = ''] = operatorAndLiteral.exec(right) ?? [];
  return `${belowLeft}${operator}${newLine(below.indent + step)}${literal}`;
};

const setStart = 'in {';
const operatorAndLiteral = /^(strict wildcard|[a-z_]+) (.*)$/s;

/** As many members in a line as there is room for. */
const layOutSet = ({ members }: Extract<ComparisonExpression, { kind: 'in_set' }>, place: Place): string => {
  const further = inner(place);
  const lines: string[] = [];
  for (const member of members.map(printMember)) {
    const line = lines.at(-1);
    const longer = `${line} ${member}`;
    if (line !== undefined && fits(longer, further)) lines[lines.length - 1] = longer;
    else lines.push(member);
  }
  const open = newLine(further.indent);
  return `${setStart}${open}${lines.join(open)}${newLine(place.indent)}}`;
};
