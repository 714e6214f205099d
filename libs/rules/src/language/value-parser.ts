/**
 * Values and arguments: fields, calls, indexes, literals. A logical expression as an argument is the parser's, which is
 * given as a function.
 */
import type { Argument, Call, Expression, Index, Span, ValueExpression } from './ast.ts';
import { parseComparison, seesOperator } from './comparison-parser.ts';
import { ExpressionFaultCode, Refusal } from './faults.ts';
import type { Field } from './fields/fields.ts';
import type { FunctionDefinition, Parameter } from './functions/definition.ts';
import { scanBytes, scanInt, scanIp } from './literals.ts';
import { starsOf, toParameter } from './parameter.ts';
import type { Scanner } from './scanner.ts';
import { nearest } from './similar.ts';
import { expectToken, strayText } from './stray.ts';
import { typeOf } from './type-of.ts';
import { arrayOf, itemOf, printType, type Type } from './types.ts';
import { toText } from './values.ts';

/** The names an expression may use. */
export interface Vocabulary {
  readonly fields: ReadonlyMap<string, Field>;
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
}

/** Whether it answers yes or no (a rule), or gives a value (the target of a redirect, the value of a header). */
export type Place = 'rule' | 'value';

export class ValueParser {
  readonly #scanner: Scanner;
  readonly #vocabulary: Vocabulary;
  readonly #place: Place;
  readonly #logical: () => Expression;
  /** Functions that replace, as far as they have been read: the language takes each once, and none in another. */
  readonly #replacing = { used: new Set<string>(), open: 0 };

  constructor(scanner: Scanner, vocabulary: Vocabulary, place: Place, logical: () => Expression) {
    this.#scanner = scanner;
    this.#vocabulary = vocabulary;
    this.#place = place;
    this.#logical = logical;
  }

  /** A field or call, and what is picked from it. */
  value(): ValueExpression {
    const scanner = this.#scanner;
    const base = this.#base();
    let type = base.kind === 'field' ? base.field.type : base.isMapped ? arrayOf(base.returns) : base.returns;
    const indexes: Index[] = [];
    while (scanner.sees('[')) {
      const start = scanner.at;
      const index = this.#index();
      type = this.#indexed(type, index, scanner.from(start));
      indexes.push(index);
    }
    const stars = indexes.filter((index) => index.kind === 'each').length;
    return { kind: 'value', base, indexes, stars, type, ...scanner.from(base.start) };
  }

  #base(): ValueExpression['base'] {
    const scanner = this.#scanner;
    const start = scanner.at;
    const name = scanner.takeMatch(identifier);
    if (name === '') return this.#refuseNoOperand();
    const field = this.#vocabulary.fields.get(name);
    if (field !== undefined) return { kind: 'field', field, ...scanner.from(start) };
    const definition = this.#vocabulary.functions.get(name);
    if (definition !== undefined) return this.#call(definition, start);
    return this.#refuseName(name, scanner.from(start));
  }

  #refuseNoOperand(): never {
    const scanner = this.#scanner;
    if (scanner.isAtEnd) return scanner.refuse('unfinished', 'a field or call is missing at the end');
    const [message, likely] = strayText(scanner);
    const isLiteral = scanner.sees('"') || scanner.sees("'");
    const hint = isLiteral ? 'literals stand on the right side: field eq "text"' : likely;
    return scanner.refuse('syntax', `a field or call is expected: ${message}`, scanner.here, hint);
  }

  #refuseName(name: string, span: Span): never {
    const scanner = this.#scanner;
    const { at } = scanner;
    scanner.skipSpace();
    const isCall = scanner.sees('(');
    scanner.at = at;
    if (isCall) {
      const like = nearest(name, this.#vocabulary.functions.keys());
      return scanner.refuse('unknown_function', `there is no function ${name}`, span, meant(like));
    }
    if (upperWords.has(name))
      return scanner.refuse(
        'unknown_field',
        `there is no field ${name}`,
        span,
        'words of the language are lower case',
      );
    const like = nearest(name, this.#vocabulary.fields.keys());
    return scanner.refuse('unknown_field', `there is no field ${name}`, span, meant(like));
  }

  #index(): Index {
    const scanner = this.#scanner;
    scanner.take('[');
    scanner.skipSpace();
    const index = this.#indexInside();
    scanner.skipSpace();
    expectToken(scanner, ']', 'a closing bracket');
    return index;
  }

  #indexInside(): Index {
    const scanner = this.#scanner;
    if (scanner.take('*')) return { kind: 'each' };
    if (scanner.sees('"')) {
      const key = scanBytes(scanner);
      if (toText(key.value) === null) scanner.refuse('text', 'a key is text in UTF-8', key);
      return { kind: 'key', key: key.value };
    }
    const { start } = scanner.here;
    const isNumber = /[0-9-]/.test(scanner.peek());
    const at = isNumber ? scanInt(scanner).value : -1;
    if (at >= 0 && at < 2 ** 32) return { kind: 'at', at: Number(at) };
    const span = isNumber ? scanner.from(start) : scanner.here;
    return scanner.refuse('index', 'an index is a number from 0 up, a quoted key, or *', span);
  }

  #indexed(type: Type, index: Index, span: Span): Type {
    const fits =
      index.kind === 'at' ? type.kind === 'array' : index.kind === 'key' ? type.kind === 'map' : true;
    const item = itemOf(type);
    if (fits && item !== null) return item;
    const hint =
      type.kind === 'array'
        ? 'an array has [0] and [*]'
        : type.kind === 'map'
          ? 'a map has ["key"] and [*]'
          : `${printType(type)} has no items`;
    return this.#scanner.refuse('index', `${printType(type)} has no such index`, span, hint);
  }

  #call(definition: FunctionDefinition, start: number): Call {
    const scanner = this.#scanner;
    const name = scanner.from(start);
    const args = scanner.nested(name, () =>
      definition.isOnce === true ? this.#onceArguments(definition, name) : this.#arguments(definition, name),
    );
    const parameters = args.map(toParameter);
    const isMapped = args[0] !== undefined && starsOf(args[0]) > 0;
    const returns = definition.returns(parameters);
    return { kind: 'call', definition, args, returns, isMapped, ...scanner.from(start) };
  }

  #arguments(definition: FunctionDefinition, name: Span): readonly Argument[] {
    const scanner = this.#scanner;
    scanner.skipSpace();
    expectToken(scanner, '(', `an opening parenthesis after ${definition.name}`);
    scanner.skipSpace();
    const args: Argument[] = [];
    const parameters: Parameter[] = [];
    while (!scanner.isAtEnd && !scanner.sees(')')) {
      if (args.length > 0) expectToken(scanner, ',', 'a comma or closing parenthesis');
      scanner.skipSpace();
      const argument = this.argument();
      const parameter = toParameter(argument);
      this.#checkArgument(definition, argument, parameter, parameters);
      args.push(argument);
      parameters.push(parameter);
      scanner.skipSpace();
    }
    if (args.length < definition.minArgs)
      scanner.refuse(
        scanner.isAtEnd ? 'unfinished' : 'argument_count',
        `${definition.name} needs ${countOf(definition)}`,
        name,
        definition.signature,
      );
    expectToken(scanner, ')', 'a closing parenthesis');
    if (definition.place === 'value' && this.#place === 'rule')
      scanner.refuse('place', `${definition.name} gives another value each time and decides no rule`, name);
    return args;
  }

  /** Of a function that stands once in an expression, and in no other such function. */
  #onceArguments(definition: FunctionDefinition, name: Span): readonly Argument[] {
    const { used, open } = this.#replacing;
    const refuse = (where: string): never =>
      this.#scanner.refuse('place', `${definition.name} stands ${where}`, name, 'split the rule into two');
    if (used.has(definition.name)) refuse('once in an expression');
    if (open > 0) refuse('in no other function that replaces');
    used.add(definition.name);
    this.#replacing.open += 1;
    const args = this.#arguments(definition, name);
    this.#replacing.open -= 1;
    return args;
  }

  #checkArgument(
    definition: FunctionDefinition,
    argument: Argument,
    parameter: Parameter,
    before: readonly Parameter[],
  ): void {
    const scanner = this.#scanner;
    const at = before.length;
    if (at > 0 && starsOf(argument) > 0)
      scanner.refuse('star', '[*] can stand in the first argument only', argument);
    if (at >= definition.maxArgs)
      scanner.refuse(
        'argument_count',
        `${definition.name} takes ${countOf(definition)}`,
        argument,
        definition.signature,
      );
    const fault = definition.check(at, parameter, before);
    if (fault !== null)
      scanner.refuse(
        fault.code,
        `argument ${at + 1} of ${definition.name} ${fault.message}`,
        argument,
        fault.hint ?? definition.signature,
      );
  }

  /** A literal, a value, a comparison of a value, or anything that begins with `(`, `not`, any or all. */
  argument(): Argument {
    const scanner = this.#scanner;
    if (textStart.test(scanner.text.slice(scanner.at, scanner.at + 2))) return scanBytes(scanner);
    if (scanner.sees('(') || scanner.sees('!') || scanner.sees('not') || seesQuantifier(scanner))
      return logicalArgument(this.#logical());
    const head = scanner.text.slice(scanner.at, scanner.at + 3);
    return nameStart.test(head) ? this.#valueOrComparison() : this.#nameOrNumber();
  }

  #valueOrComparison(): Argument {
    const scanner = this.#scanner;
    const value = this.value();
    const { at } = scanner;
    scanner.skipSpace();
    const isCompared = seesOperator(scanner);
    scanner.at = at;
    return isCompared ? logicalArgument(parseComparison(scanner, value)) : value;
  }

  /** What starts with hex digits may be a name, an address, an integer or octets: the first that fits. */
  #nameOrNumber(): Argument {
    const scanner = this.#scanner;
    const { at } = scanner;
    const depth = scanner.depth;
    let first: unknown;
    for (const scan of [() => this.#valueOrComparison(), scanIp, scanInt, scanBytes]) {
      try {
        return scan(scanner);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // A name that is known, with a fault behind it, is meant as one.
        first ??= error;
        if (first === error && !isUnknown(error)) throw error;
        scanner.at = at;
        scanner.depth = depth;
      }
    }
    throw first;
  }
}

const logicalArgument = (of: Expression): Argument => ({
  kind: 'logical',
  of,
  type: typeOf(of),
  start: of.start,
  end: of.end,
});

/** Whether the fault may only mean that the text was not a name at all. */
const isUnknown = (refusal: Refusal): boolean =>
  refusal.code === ExpressionFaultCode.unknownField || refusal.code === ExpressionFaultCode.syntax;

/** any or all with a parenthesis behind it. */
export const seesQuantifier = (scanner: Scanner): boolean => {
  quantifierCall.lastIndex = scanner.at;
  return quantifierCall.test(scanner.text);
};

const quantifierCall = /(?:any|all)[ \r\n]*\(/y;
const identifier = /[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*/y;
const textStart = /^(?:"|r["#])/;
/** One of the first three characters cannot belong to a number, an address or octets. */
const nameStart = /^[0-9A-Fa-f]{0,2}[G-Zg-z_]/;
const upperWords = new Set(['AND', 'OR', 'XOR', 'NOT', 'IN', 'EQ', 'NE', 'ANY', 'ALL', 'And', 'Or', 'Not']);

const meant = (name: string | null): string | undefined =>
  name === null ? undefined : `did you mean ${name}?`;

const countOf = ({ minArgs, maxArgs }: FunctionDefinition): string => {
  const plural = (count: number): string => `${count} argument${count === 1 ? '' : 's'}`;
  if (minArgs === maxArgs) return plural(minArgs);
  return maxArgs === Number.POSITIVE_INFINITY
    ? `at least ${plural(minArgs)}`
    : `${minArgs} to ${plural(maxArgs)}`;
};
