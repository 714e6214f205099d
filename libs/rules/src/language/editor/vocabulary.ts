/** The words of the language as plain data: what an editor completes, shows and highlights. */
import { type Field, fields } from '../fields/fields.ts';
import { functions } from '../functions/functions.ts';
import { operators } from '../operators.ts';
import { printType, typeNames } from '../types.ts';

export interface FieldEntry {
  readonly name: string;
  /** As messages write it: `Map<Array<Bytes>>`. */
  readonly type: string;
  readonly doc: string;
  readonly filledBy: Field['filledBy'];
  readonly example?: string;
  readonly aliasOf?: string;
  readonly needsBody?: true;
}
export interface OperatorEntry {
  readonly name: string;
  /** Every way to write it. */
  readonly notations: readonly string[];
  /** Types of the left side. */
  readonly types: readonly string[];
  readonly doc: string;
  readonly example: string;
}
export interface FunctionEntry {
  readonly name: string;
  readonly signature: string;
  readonly doc: string;
  readonly example: string;
  /** Where it may be used; `value` is where an expression gives a value. */
  readonly place: 'any' | 'value';
}
export interface WordEntry {
  readonly name: string;
  readonly notations: readonly string[];
  /** The higher, the closer it binds; null of any and all, which have parentheses. */
  readonly precedence: number | null;
  readonly doc: string;
  readonly example: string;
}

export interface EditorVocabulary {
  readonly fields: readonly FieldEntry[];
  readonly operators: readonly OperatorEntry[];
  readonly functions: readonly FunctionEntry[];
  readonly quantifiers: readonly WordEntry[];
  readonly logical: readonly WordEntry[];
}

export const quantifierEntries: readonly WordEntry[] = [
  {
    name: 'any',
    notations: ['any'],
    precedence: null,
    doc: 'whether it is true of some item; false where there is none',
    example: 'any(cf.sequence.previous_ops[*] eq "10ad1de0")',
  },
  {
    name: 'all',
    notations: ['all'],
    precedence: null,
    doc: 'whether it is true of every item; true where there is none',
    example: 'all(http.request.headers["x-tenant"][*] eq "blue")',
  },
];

export const logicalEntries: readonly WordEntry[] = [
  {
    name: 'not',
    notations: ['not', '!'],
    precedence: 4,
    doc: 'the opposite of the next comparison or parenthesis alone; true where a value is missing',
    example: 'not http.request.method in {"GET" "HEAD"}',
  },
  {
    name: 'and',
    notations: ['and', '&&'],
    precedence: 3,
    doc: 'whether both are true',
    example: 'ssl and cf.threat_score gt 10',
  },
  {
    name: 'xor',
    notations: ['xor', '^^'],
    precedence: 2,
    doc: 'whether an odd number of them is true',
    example: 'ssl xor http.request.method eq "GET"',
  },
  {
    name: 'or',
    notations: ['or', '||'],
    precedence: 1,
    doc: 'whether one of them is true, or both',
    example: 'not ssl or cf.threat_score gt 10',
  },
];

const fieldEntry = ({ name, type, doc, filledBy, example, aliasOf, needsBody }: Field): FieldEntry => ({
  name,
  type: printType(type),
  doc,
  filledBy,
  ...(example === undefined ? {} : { example }),
  ...(aliasOf === undefined ? {} : { aliasOf }),
  ...(needsBody === undefined ? {} : { needsBody }),
});

/** Plain data that JSON keeps as it is. */
export const vocabularyForEditors = (): EditorVocabulary => ({
  fields: fields.map(fieldEntry),
  operators: operators.map(({ name, tokens, types, doc, example }) => ({
    name,
    notations: tokens,
    types: types.map((kind) => typeNames[kind]),
    doc,
    example,
  })),
  functions: functions.map(({ name, signature, doc, example, place }) => ({
    name,
    signature,
    doc,
    example,
    place,
  })),
  quantifiers: quantifierEntries,
  logical: logicalEntries,
});
