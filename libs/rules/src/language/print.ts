/**
 * A tree as text, in one form for each meaning: English operators, single spaces, decimal integers, addresses in their
 * shortest form. Texts keep their notation. Parsing what is printed gives the same tree again.
 */
import { printAddress } from './addresses.ts';
import type {
  Argument,
  BytesForm,
  BytesLiteral,
  ComparisonExpression,
  Expression,
  Index,
  SetMember,
  ValueExpression,
} from './ast.ts';
import { toText } from './values.ts';

export const printExpression = (expression: Expression): string => {
  switch (expression.kind) {
    case 'combine':
      return expression.items.map(printExpression).join(` ${expression.operator} `);
    case 'not':
      return `not ${printExpression(expression.of)}`;
    case 'group':
      return `(${printExpression(expression.of)})`;
    case 'quantifier':
      return `${expression.operator}(${printArgument(expression.of)})`;
    default:
      return printComparison(expression);
  }
};

export const printComparison = (comparison: ComparisonExpression): string => {
  const left = printValue(comparison.value);
  switch (comparison.kind) {
    case 'is_true':
      return left;
    case 'ordering':
      return `${left} ${comparison.operator} ${printArgument(comparison.literal)}`;
    case 'bitwise_and':
      return `${left} bitwise_and ${comparison.literal.value}`;
    case 'contains':
      return `${left} contains ${printBytes(comparison.literal)}`;
    case 'matches':
      return `${left} matches ${printPattern(comparison.pattern, comparison.form)}`;
    case 'wildcard':
      return `${left} ${comparison.isStrict ? 'strict ' : ''}wildcard ${printBytes(comparison.literal)}`;
    case 'in_set':
      return `${left} in {${comparison.members.map(printMember).join(' ')}}`;
    case 'in_list':
      return `${left} in $${comparison.list}`;
    default:
      return comparison satisfies never;
  }
};

export const printValue = ({ base, indexes }: ValueExpression): string => {
  const start =
    base.kind === 'field'
      ? base.field.name
      : `${base.definition.name}(${base.args.map(printArgument).join(', ')})`;
  return start + indexes.map(printIndex).join('');
};

const printIndex = (index: Index): string =>
  index.kind === 'each' ? '[*]' : index.kind === 'at' ? `[${index.at}]` : `[${quote(index.key)}]`;

export const printArgument = (argument: Argument): string => {
  switch (argument.kind) {
    case 'value':
      return printValue(argument);
    case 'logical':
      return printExpression(argument.of);
    case 'bytes':
      return printBytes(argument);
    case 'int':
      return String(argument.value);
    case 'ip':
      return printAddress(argument.value);
    default:
      return argument satisfies never;
  }
};

export const printMember = (member: SetMember): string => {
  switch (member.kind) {
    case 'bytes':
      return printBytes(member);
    case 'int':
      return member.first === member.last ? String(member.first) : `${member.first}..${member.last}`;
    case 'ip':
      if (member.prefix !== null) return `${printAddress(member.first)}/${member.prefix}`;
      return member.first === member.last
        ? printAddress(member.first)
        : `${printAddress(member.first)}..${printAddress(member.last)}`;
    default:
      return member satisfies never;
  }
};

/** Octets are parted by `-`: with colons, eight of them would read as an address where that may stand too. */
const printBytes = ({ value, form }: BytesLiteral): string => {
  if (form.kind === 'raw') return rawText(toText(value) as string, form.hashes);
  if (form.kind === 'quoted') return quote(value);
  return Array.from(value, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('-');
};

const rawText = (text: string, hashes: number): string => {
  const marks = '#'.repeat(hashes);
  return `r${marks}"${text}"${marks}`;
};

/** What cannot stand in a quoted text, or could not be seen in it. */
const hidden = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

const escapeHidden = (character: string): string =>
  character === '"' || character === '\\'
    ? `\\${character}`
    : Array.from(new TextEncoder().encode(character), hexEscape).join('');

const hexEscape = (octet: number): string => `\\x${octet.toString(16).padStart(2, '0')}`;

/** Bytes as a quoted literal; what is not text in UTF-8 as escapes, byte by byte. */
export const quote = (bytes: string): string => {
  const text = toText(bytes);
  if (text !== null) return `"${text.replace(hidden, escapeHidden)}"`;
  const printed = bytes.replace(/[^ !#-[\]-~]/g, (byte) =>
    byte === '"' || byte === '\\' ? `\\${byte}` : hexEscape(byte.charCodeAt(0)),
  );
  return `"${printed}"`;
};

/** Outside of classes a quote is escaped; everything else is the regular expression's own. */
const printPattern = (pattern: string, form: BytesForm): string => {
  if (form.kind === 'raw') return rawText(pattern, form.hashes);
  let printed = '';
  let isInClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const unit = pattern.charAt(at);
    if (unit === '\\') {
      printed += unit + pattern.charAt(at + 1);
      at += 1;
      continue;
    }
    if (unit === '[') isInClass = true;
    else if (unit === ']') isInClass = false;
    printed += unit === '"' && !isInClass ? '\\"' : unit;
  }
  return `"${printed}"`;
};
