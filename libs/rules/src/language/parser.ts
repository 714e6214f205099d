/**
 * Text → typed tree, in one pass from left to right: the first fault ends it. Recursive descent; parentheses, `not`,
 * any/all and calls nest at most 128 deep.
 *
 *   logical    = simple { ("and" | "xor" | "or") simple }       and before xor before or
 *   simple     = "(" logical ")" | "not" simple | ("any" | "all") "(" argument ")" | comparison
 *   comparison = value [ operator literal ]                     without an operator it is a Bool
 *   value      = ( field | function "(" [ argument { "," argument } ] ")" ) { "[" index "]" }
 */

import type { Argument, Expression, LogicalOperator, ValueExpression } from './ast.ts';
import { parseComparison } from './comparison-parser.ts';
import { starsOf, typeOfArgument } from './parameter.ts';
import { Scanner } from './scanner.ts';
import { expectToken, strayText } from './stray.ts';
import { typeOf } from './type-of.ts';
import { arrayOf, Bool, itemOf, printType, sameType, type Type } from './types.ts';
import { type Place, seesQuantifier, ValueParser, type Vocabulary } from './value-parser.ts';

export class Parser {
  readonly #scanner: Scanner;
  readonly #values: ValueParser;

  /** `text` ends where the expression does. */
  constructor(text: string, at: number, vocabulary: Vocabulary, place: Place) {
    this.#scanner = new Scanner(text, at);
    this.#values = new ValueParser(this.#scanner, vocabulary, place, () => this.#logical());
  }

  /** A whole text that is a rule. Throws a Refusal. */
  rule(): Expression {
    const expression = this.#logical();
    this.#expectEnd();
    if (typeOf(expression).kind === 'bool') return expression;
    return this.#scanner.refuse(
      'type',
      `a rule is Bool, this is ${printType(typeOf(expression))}`,
      expression,
      'put it into any(…) or all(…)',
    );
  }

  /** A whole text that gives a value. Throws a Refusal. */
  value(): ValueExpression {
    const value = this.#values.value();
    this.#expectEnd();
    if (value.stars === 0) return value;
    return this.#scanner.refuse('star', '[*] maps over items; the value is to be one', value);
  }

  #expectEnd(): void {
    if (this.#scanner.isAtEnd) return;
    const start = this.#scanner.at;
    this.#scanner.skipSpace();
    const [message, hint] = strayText(this.#scanner);
    if (this.#scanner.at === start && this.#scanner.sees('[')) this.#scanner.refuse('index', message);
    this.#scanner.refuse('syntax', message, this.#scanner.here, hint);
  }

  #logical(): Expression {
    return this.#combined(0);
  }

  /** Operands of the operator at `level` of the ladder and above. */
  #combined(level: number): Expression {
    const operator = ladder[level];
    if (operator === undefined) return this.#simple();
    const first = this.#combined(level + 1);
    const items = [first];
    while (this.#takeOperator(operator)) items.push(this.#operand(first, this.#combined(level + 1)));
    if (items.length === 1) return first;
    return { kind: 'combine', operator, items, ...this.#scanner.from(first.start) };
  }

  #takeOperator(operator: LogicalOperator): boolean {
    const { at } = this.#scanner;
    this.#scanner.skipSpace();
    if (logicalTokens[operator].some((token) => this.#scanner.take(token))) {
      this.#scanner.skipSpace();
      return true;
    }
    this.#scanner.at = at;
    return false;
  }

  #operand(first: Expression, operand: Expression): Expression {
    const wanted = typeOf(first);
    const found = typeOf(operand);
    if (wanted.kind === found.kind) return operand;
    return this.#scanner.refuse(
      'type',
      `${printType(wanted)} on the left and ${printType(found)} on the right cannot be combined`,
      operand,
      'close any(…) or all(…) before going on with a plain Bool',
    );
  }

  #simple(): Expression {
    const scanner = this.#scanner;
    const start = scanner.at;
    if (scanner.take('(')) {
      const of = scanner.nested(scanner.from(start), () => {
        scanner.skipSpace();
        return this.#logical();
      });
      scanner.skipSpace();
      expectToken(this.#scanner, ')', 'a closing parenthesis');
      return { kind: 'group', of, ...scanner.from(start) };
    }
    if (scanner.take('not') || scanner.take('!')) {
      const of = scanner.nested(scanner.from(start), () => {
        scanner.skipSpace();
        return this.#simple();
      });
      return { kind: 'not', of, ...scanner.from(start) };
    }
    return seesQuantifier(scanner) ? this.#quantifier() : parseComparison(scanner, this.#values.value());
  }

  #quantifier(): Expression {
    const scanner = this.#scanner;
    const start = scanner.at;
    const operator = scanner.take('any') ? 'any' : 'all';
    scanner.at = start + 3;
    const of = scanner.nested(scanner.from(start), () => {
      scanner.skipSpace();
      expectToken(this.#scanner, '(', 'an opening parenthesis');
      scanner.skipSpace();
      return this.#values.argument();
    });
    const type = typeOfArgument(of);
    if (!sameType(type, arrayOf(Bool)) || starsOf(of) > 0) this.#refuseQuantified(operator, of, type);
    scanner.skipSpace();
    this.#refuseOpenLogic(operator);
    expectToken(this.#scanner, ')', 'a closing parenthesis');
    return { kind: 'quantifier', operator, of, ...scanner.from(start) };
  }

  /** `any(a[*] eq "x" or …)`: the likeliest slip in any and all. */
  #refuseOpenLogic(operator: string): void {
    const token = Object.values(logicalTokens)
      .flat()
      .find((each) => this.#scanner.sees(each));
    if (token === undefined) return;
    this.#scanner.refuse(
      'syntax',
      `${token} inside ${operator} needs parentheses of its own`,
      { start: this.#scanner.at, end: this.#scanner.at + token.length },
      `${operator}((field[*] eq "x" ${token} field[*] eq "y"))`,
    );
  }

  #refuseQuantified(operator: string, of: Argument, type: Type): never {
    const isComparable = of.kind === 'value' && (starsOf(of) > 0 || itemOf(type) !== null);
    const example = `${operator}(field[*] eq "x")`;
    return this.#scanner.refuse(
      'type',
      `${operator} needs Array<Bool>, this is ${starsOf(of) > 0 ? `each ${printType(type)}` : printType(type)}`,
      of,
      isComparable ? `compare its items: ${example}` : `for example ${example}`,
    );
  }
}

const ladder: readonly LogicalOperator[] = ['or', 'xor', 'and'];
const logicalTokens = { or: ['or', '||'], xor: ['xor', '^^'], and: ['and', '&&'] } as const;
