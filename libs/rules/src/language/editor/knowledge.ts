/**
 * What is known of a value before it is compared: of fields by what fills them (docs/semantics.md), of calls by what the
 * function can give. Only what is certain stands here: the linter says "never" because of it.
 */
import { parseAddress, printAddress } from '../addresses.ts';
import type { Argument, Call, Index, ValueExpression } from '../ast.ts';
import type { Field } from '../fields/fields.ts';
import type { Type } from '../types.ts';
import { between, everyOf, type Interval, type Intervals, isSingle, pointOf } from './intervals.ts';

export interface Knowledge {
  /** Values it may have where it is there; none if it never is. */
  readonly range: Intervals;
  /** Whether an interval may have a value; asked of single values above all. */
  readonly allows?: (interval: Interval) => boolean;
  /** Whether a text may be part of it. */
  readonly allowsPart?: (part: string) => boolean;
  /** Why, as one sentence without full stop. */
  readonly reason?: string;
  /** What to do about a value that is never there. */
  readonly hint?: string;
  /** A field that nobody fills: it has a finding of its own. */
  readonly isUnfilled?: true;
}

export interface Surroundings {
  /** Fields of metadata that the gateway of the zone passes; undefined if that is not known. */
  readonly metadata?: ReadonlySet<string> | undefined;
}

/** Longest time that an operation is remembered, ms. */
const maxAgeMs = 3_600_000n;
const maxPrevious = 10;
const previousOps = 'cf.sequence.previous_ops';
const aboutPrevious = 'at most 10 earlier operations are remembered';

export const isUnfilled = (field: Field, { metadata }: Surroundings): boolean =>
  field.filledBy === 'nobody' ||
  (field.filledBy === 'metadata' &&
    metadata !== undefined &&
    !metadata.has(field.name) &&
    !metadata.has(field.aliasOf ?? field.name));

/** Of a value, or of one item where it maps over `[*]`; `kind` is the type that is compared. */
export const knowledgeOf = (
  value: ValueExpression,
  kind: Type['kind'],
  surroundings: Surroundings,
): Knowledge => {
  const absence = absenceOf(value, surroundings);
  if (absence !== null) return { range: [], ...absence };
  const every = everyOf(kind);
  const { base } = value;
  if (base.kind === 'field') return fieldKnowledge(base.field.name, every);
  // Of these functions each gives a plain value: an index picks one of the results of a mapped call.
  return callKnowledge(base, every);
};

type Absence = Pick<Knowledge, 'reason' | 'hint' | 'isUnfilled'>;

/** They pass over missing arguments: missing only where all of them are. */
export const looseFunctions = new Set(['coalesce', 'concat']);

/** Why it is missing in every request; null if it may be there. */
const absenceOf = ({ base, indexes }: ValueExpression, surroundings: Surroundings): Absence | null => {
  const [index] = indexes;
  if (base.kind === 'field') {
    if (isUnfilled(base.field, surroundings)) return { isUnfilled: true };
    return index === undefined ? null : whyNoItem(base.field.name, index);
  }
  const absences = base.args.map((each) => (each.kind === 'value' ? absenceOf(each, surroundings) : null));
  const isLoose = looseFunctions.has(base.definition.name);
  const absence = isLoose && absences.includes(null) ? null : absences.find((each) => each !== null);
  return absence ?? (index === undefined || base.isMapped ? null : whyNoPart(base, index));
};

const whyNoItem = (field: string, index: Index): Absence | null => {
  if (index.kind === 'key') return whyNoKey(field, index.key);
  return field === previousOps && index.kind === 'at' && index.at >= maxPrevious
    ? { reason: aboutPrevious, hint: 'the oldest one is [9]' }
    : null;
};

const whyNoPart = (call: Call, index: Index): Absence | null => {
  const limit = call.args[2];
  return call.definition.name === 'split' &&
    limit?.kind === 'int' &&
    index.kind === 'at' &&
    index.at >= limit.value
    ? { reason: `this split gives at most ${limit.value} parts` }
    : null;
};

const shortId = /^(?:[0-9a-f]{8})?$/;
const partOfShortId = /^[0-9a-f]{0,8}$/;
const aboutShortIds = 'short ids have 8 lower-case hex digits';

const whyNoKey = (field: string, key: string): Absence | null => {
  if (field.endsWith('http.request.headers') && /[A-Z]/.test(key))
    return { reason: 'names of headers are lower case here', hint: `write ["${key.toLowerCase()}"]` };
  return field === 'cf.sequence.msec_since_op' && !shortId.test(key) ? { reason: aboutShortIds } : null;
};

/** Texts of a form: an interval of many values may always have one. */
const textsOf = (
  every: Intervals,
  reason: string,
  isValue: (text: string) => boolean,
  allowsPart: (part: string) => boolean,
): Knowledge => ({
  range: every,
  allows: (interval) => !isSingle(interval) || isValue(interval.from as string),
  allowsPart,
  reason,
});

const hasNone = (unwanted: RegExp, every: Intervals, reason: string): Knowledge => {
  const isFree = (text: string): boolean => !unwanted.test(text);
  return textsOf(every, reason, isFree, isFree);
};

const upTo = (last: bigint, reason: string): Knowledge => ({ range: [between(0n, last)], reason });

const fieldKnowledge = (name: string, every: Intervals): Knowledge => {
  switch (name) {
    case 'cf.sequence.current_op':
    case previousOps: {
      const range = [between('', ''), between('00000000', 'ffffffff')];
      const isPart = (part: string): boolean => partOfShortId.test(part);
      return { ...textsOf(every, aboutShortIds, (text) => shortId.test(text), isPart), range };
    }
    case 'cf.sequence.msec_since_op':
      return upTo(maxAgeMs, 'operations are remembered for an hour: 0 to 3600000 ms');
    case 'http.request.timestamp.msec':
      return upTo(999n, 'this is the millisecond within the second: 0 to 999');
    case 'cf.edge.client_port':
    case 'cf.edge.server_port':
      return upTo(65_535n, 'ports are 0 to 65535');
    case 'http.request.uri.path.extension':
      return hasNone(/[A-Z]/, every, 'the extension is in lower case');
    default:
      return { range: every };
  }
};

const callKnowledge = (call: Call, every: Intervals): Knowledge => {
  const [first, second, third] = call.args;
  switch (call.definition.name) {
    case 'lower':
      return hasNone(/[A-Z]/, every, 'lower(…) has no capital letters');
    case 'upper':
      return hasNone(/[a-z]/, every, 'upper(…) has no small letters');
    case 'len':
      return lengthKnowledge(first);
    case 'remove_bytes': {
      const removed = second?.kind === 'bytes' ? new Set(second.value) : new Set<string>();
      const isFree = (text: string): boolean => ![...text].some((byte) => removed.has(byte));
      return textsOf(every, 'these bytes have been removed', isFree, isFree);
    }
    case 'sha256':
      return textsOf(
        every,
        'a digest is 32 bytes',
        (text) => text.length === 32,
        (part) => part.length <= 32,
      );
    case 'to_string':
      return first?.kind === 'value' ? stringKnowledge(first.type.kind, every) : { range: every };
    case 'cidr':
    case 'cidr6': {
      const bits = [second, third].map((each) => (each?.kind === 'int' ? Number(each.value) : 128));
      const [v4Bits, v6Bits] = call.definition.name === 'cidr' ? bits : [32, bits[0]];
      return { range: every, allows: hasNetwork(v4Bits ?? 32, v6Bits ?? 128), reason: aboutNetworks };
    }
    case 'has_key':
    case 'has_value':
      return memberKnowledge(call, every);
    default:
      return { range: every };
  }
};

const lengthKnowledge = (measured: Argument | undefined): Knowledge =>
  measured?.kind === 'value' && measured.type.kind === 'array' && isField(measured, previousOps)
    ? upTo(BigInt(maxPrevious), aboutPrevious)
    : upTo(BigInt(Number.MAX_SAFE_INTEGER), 'a length is never negative');

const isField = ({ base }: ValueExpression, name: string): boolean =>
  base.kind === 'field' && base.field.name === name;

/** has_key and has_value of what the field never has. */
const memberKnowledge = ({ definition, args: [from, wanted] }: Call, every: Intervals): Knowledge => {
  if (
    from?.kind !== 'value' ||
    from.base.kind !== 'field' ||
    from.indexes.length > 0 ||
    wanted?.kind !== 'bytes'
  )
    return { range: every };
  const { name } = from.base.field;
  const isOfIds = name === previousOps && !shortId.test(wanted.value);
  const noItem = isOfIds ? { reason: aboutShortIds } : null;
  const why = definition.name === 'has_key' ? whyNoKey(name, wanted.value) : noItem;
  return why === null ? { range: every } : { range: [between(0n, 0n)], ...why };
};

const decimal = /^(?:0|-?[1-9][0-9]{0,18})$/;

const stringKnowledge = (kind: string, every: Intervals): Knowledge => {
  if (kind === 'int')
    return textsOf(
      every,
      'integers are written in decimal',
      (text) => decimal.test(text),
      (part) => /^-?[0-9]{0,19}$/.test(part),
    );
  if (kind === 'bool')
    return { range: [between('false', 'false'), between('true', 'true')], reason: 'a Bool is true or false' };
  const isPrinted = (text: string): boolean => {
    const address = parseAddress(text);
    return address !== null && printAddress(address) === text;
  };
  return textsOf(every, 'an address is written in its shortest form, in lower case', isPrinted, (part) =>
    /^[0-9a-f:.]*$/.test(part),
  );
};

const aboutNetworks = 'all bits behind the length of the prefix are 0';

/** Whether an interval of addresses has one whose bits behind the prefix are 0. */
const hasNetwork =
  (v4Bits: number, v6Bits: number) =>
  ({ from, to }: Interval): boolean => {
    const startOfV6 = pointOf('ip', '\0'.repeat(16)) as bigint;
    const [first, end] = [from as bigint, to as bigint];
    if (first < startOfV6 && end > startOfV6) return true;
    const [start, step] =
      first < startOfV6 ? [0n, 2n ** BigInt(32 - v4Bits)] : [startOfV6, 2n ** BigInt(128 - v6Bits)];
    const network = start + ((first - start + step - 1n) / step) * step;
    return network < end;
  };
