/** From text to a checked tree: limits on the text, the parser, then what only a whole rule set knows (its lists). */
import type { Expression, ValueExpression } from './ast.ts';
import { type ExpressionFault, Refusal, toFault } from './faults.ts';
import { fieldByName } from './fields/fields.ts';
import { functionByName } from './functions/functions.ts';
import type { NamedLists } from './lists.ts';
import { Parser } from './parser.ts';
import type { Place, Vocabulary } from './value-parser.ts';
import { listsOf } from './walk.ts';

/** Characters (code points) of an expression, white space at its ends included. */
export const maxCharacters = 4096;

export interface ParseOptions {
  /** Names it may use instead of those of the language. */
  readonly vocabulary?: Vocabulary;
  /** The named lists that exist, and their types; without it any name is taken. */
  readonly lists?: NamedLists | undefined;
}

export type ParsedExpression =
  | { readonly kind: 'parsed'; readonly expression: Expression }
  | { readonly kind: 'refused'; readonly fault: ExpressionFault };
export type ParsedValue =
  | { readonly kind: 'parsed'; readonly expression: ValueExpression }
  | { readonly kind: 'refused'; readonly fault: ExpressionFault };

export const defaultVocabulary: Vocabulary = { fields: fieldByName, functions: functionByName };

/** A rule: an expression that is Bool. Its first fault from the left if there is one. O(characters). */
export const parseExpression = (text: string, options: ParseOptions = {}): ParsedExpression =>
  parseAs(text, 'rule', options, (parser) => parser.rule());

/** An expression that gives a value, such as the target of a redirect: a field or call, picked from or not. */
export const parseValueExpression = (text: string, options: ParseOptions = {}): ParsedValue =>
  parseAs(text, 'value', options, (parser) => parser.value());

const parseAs = <T extends Expression | ValueExpression>(
  text: string,
  place: Place,
  { vocabulary = defaultVocabulary, lists }: ParseOptions,
  parse: (parser: Parser) => T,
): { kind: 'parsed'; expression: T } | { kind: 'refused'; fault: ExpressionFault } => {
  try {
    const [start, end] = boundsOf(text);
    const expression = parse(new Parser(text.slice(0, end), start, vocabulary, place));
    if (lists !== undefined) checkLists(expression, lists);
    return { kind: 'parsed', expression };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'refused', fault: toFault(text, error) };
  }
};

/** White space at the ends, tabs among it, is no part of the expression. */
const outside = /^\p{White_Space}$/u;

const boundsOf = (text: string): readonly [start: number, end: number] => {
  const whole = { start: 0, end: text.length };
  // The longest text of so few characters has twice as many units.
  if (text.length > 2 * maxCharacters || (text.length > maxCharacters && [...text].length > maxCharacters))
    throw new Refusal(
      'too_long',
      `an expression has at most ${maxCharacters} characters`,
      whole,
      'move long sets into a named list: in $name',
    );
  if (!text.isWellFormed()) throw new Refusal('ill_formed', 'the text has half of a surrogate pair', whole);
  let start = 0;
  let end = text.length;
  while (start < end && outside.test(text.charAt(start))) start += 1;
  while (end > start && outside.test(text.charAt(end - 1))) end -= 1;
  return [start, end];
};

const checkLists = (expression: Expression | ValueExpression, lists: NamedLists): void => {
  for (const use of listsOf(expression)) {
    const list = lists.get(use.list);
    if (list === undefined)
      throw new Refusal('unknown_list', `there is no list $${use.list}`, use, 'make the list first');
    if (list.type !== use.value.type.kind)
      throw new Refusal(
        'type',
        `the list $${use.list} is of ${list.type}, the left side is ${use.value.type.kind}`,
        use,
      );
  }
};
