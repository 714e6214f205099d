/** Comparisons: an operator and its literal behind a left side that has been read. Nothing in here nests. */
import { compileRegex } from '../regex/regex.ts';
import type { ComparisonExpression, OrderingOperator, SetMember, Span, ValueExpression } from './ast.ts';
import { scanBytes, scanInt, scanIntRange, scanIp, scanIpRange, scanPattern, scanText } from './literals.ts';
import { operators } from './operators.ts';
import type { Scanner } from './scanner.ts';
import { strayText } from './stray.ts';
import { itemOf, printType, type Type } from './types.ts';
import { wildcardFault } from './wildcard.ts';

/** What follows a left side: an operator and a literal, or nothing after a Bool. */
export const parseComparison = (scanner: Scanner, value: ValueExpression): ComparisonExpression => {
  if (value.type.kind === 'bool') return { kind: 'is_true', value, ...scanner.from(value.start) };
  if (itemOf(value.type)?.kind === 'bool') {
    if (value.stars > 0)
      scanner.refuse('star', 'items that are arrays of Bool cannot be mapped again', value);
    return { kind: 'is_true', value, ...scanner.from(value.start) };
  }
  const before = scanner.at;
  scanner.skipSpace();
  const start = scanner.at;
  const operator = operators.find(({ tokens }) => tokens.some((token) => scanner.take(token)));
  if (operator === undefined) return refuseOperator(scanner, value, before);
  const span = scanner.from(start);
  if (!operator.types.includes(value.type.kind)) refuseOperatorType(scanner, value, operator.name, span);
  scanner.skipSpace();
  const right = scanRight(scanner, operator.name, value.type);
  return { ...right, value, ...scanner.from(value.start) } as ComparisonExpression;
};

const scanRight = (scanner: Scanner, operator: string, type: Type): object => {
  switch (operator) {
    case 'in':
      return scanner.sees('$')
        ? { kind: 'in_list', list: scanListName(scanner) }
        : { kind: 'in_set', members: scanSet(scanner, type) };
    case 'bitwise_and':
      return { kind: operator, literal: scanInt(scanner) };
    case 'contains':
      return { kind: operator, literal: scanBytes(scanner) };
    case 'matches':
      return scanRegex(scanner);
    case 'wildcard':
    case 'strict wildcard':
      return scanWildcard(scanner, operator === 'strict wildcard');
    default:
      return {
        kind: 'ordering',
        operator: operator as OrderingOperator,
        literal: scanLiteral(scanner, type),
      };
  }
};

const refuseOperator = (scanner: Scanner, value: ValueExpression, before: number): never => {
  const type = printType(value.type);
  if (itemOf(value.type) !== null && !scanner.sees('[')) {
    const hint =
      value.type.kind === 'map'
        ? 'pick a value first: field["key"]'
        : 'pick an item: field[0], or map with any(field[*] …)';
    return scanner.refuse('type', `${type} has no operators`, value, hint);
  }
  if (scanner.isAtEnd)
    return scanner.refuse('unfinished', `${type} needs an operator and a literal behind it`, {
      start: before,
      end: before,
    });
  const [message, hint] = strayText(scanner);
  return scanner.refuse('syntax', `an operator is expected: ${message}`, scanner.here, hint);
};

const refuseOperatorType = (
  scanner: Scanner,
  value: ValueExpression,
  operator: string,
  span: Span,
): never => {
  const type = printType(value.type);
  const hint =
    value.type.kind === 'ip'
      ? 'addresses have eq, ne and in {…}'
      : itemOf(value.type) === null
        ? undefined
        : 'pick an item first: field[0], field["key"], or map with any(field[*] …)';
  return scanner.refuse('type', `${type} has no operator ${operator}`, span, hint);
};

const scanListName = (scanner: Scanner): string => {
  scanner.take('$');
  const name = scanner.takeMatch(listName);
  if (name !== '') return name;
  return scanner.refuse('list_name', 'a list is named by lower-case letters, digits, _ and inner dots');
};

const scanSet = (scanner: Scanner, type: Type): readonly SetMember[] => {
  if (!scanner.take('{')) {
    if (scanner.isAtEnd) scanner.refuse('unfinished', 'a set in braces is missing here');
    scanner.refuse('syntax', 'a set stands in braces: in {…}, a list by its name: in $list');
  }
  const members: SetMember[] = [];
  for (;;) {
    scanner.skipSpace();
    if (scanner.take('}')) return members;
    if (scanner.isAtEnd) scanner.refuse('unfinished', 'the set has no closing brace');
    if (scanner.sees(','))
      scanner.refuse('syntax', 'members of a set are parted by spaces', scanner.here, 'leave the comma out');
    members.push(scanMember(scanner, type));
  }
};

const scanRegex = (scanner: Scanner): object => {
  const { pattern, form, origins } = scanPattern(scanner);
  // Groups are not asked for here, so that there may be any number.
  const compiled = compileRegex(pattern, { maxSlots: Number.POSITIVE_INFINITY });
  if (compiled.kind === 'compiled') return { kind: 'matches', pattern, form, regex: compiled.regex };
  const { fault } = compiled;
  const start = origins[fault.offset] ?? scanner.at;
  const end = origins[fault.offset + fault.length] ?? scanner.at;
  return scanner.refuse('regex', fault.message, { start, end }, fault.hint);
};

const scanWildcard = (scanner: Scanner, isStrict: boolean): object => {
  const literal = scanText(scanner);
  const fault = wildcardFault(literal.value);
  if (fault !== null) scanner.refuse('wildcard', fault.message, literal, fault.hint);
  return { kind: 'wildcard', isStrict, literal };
};

/** Whether an operator stands here, so that a value before it is the left side of a comparison. */
export const seesOperator = (scanner: Scanner): boolean =>
  operators.some(({ tokens }) => tokens.some((token) => scanner.sees(token)));

const listName = /[a-z0-9_]+(?:\.[a-z0-9_]+)*(?![a-z0-9_.])/y;

const scanLiteral = (scanner: Scanner, type: Type) =>
  type.kind === 'ip' ? scanIp(scanner) : type.kind === 'int' ? scanInt(scanner) : scanBytes(scanner);

const scanMember = (scanner: Scanner, type: Type): SetMember =>
  type.kind === 'ip'
    ? scanIpRange(scanner)
    : type.kind === 'int'
      ? scanIntRange(scanner)
      : scanBytes(scanner);
