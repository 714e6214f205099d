/** What is wrong with a regular expression: a value for whoever wrote it. Inside the parser it travels as an exception. */

export const RegexFaultCode = {
  notText: 'not_text',
  tooLarge: 'too_large',
  nestedTooDeep: 'nested_too_deep',
  groupUnclosed: 'group_unclosed',
  groupUnopened: 'group_unopened',
  groupNameInvalid: 'group_name_invalid',
  groupNameRepeated: 'group_name_repeated',
  lookAround: 'look_around',
  backreference: 'backreference',
  flagUnknown: 'flag_unknown',
  flagRepeated: 'flag_repeated',
  flagMissing: 'flag_missing',
  repetitionMissing: 'repetition_missing',
  repetitionUnclosed: 'repetition_unclosed',
  repetitionInvalid: 'repetition_invalid',
  classUnclosed: 'class_unclosed',
  classEscapeInvalid: 'class_escape_invalid',
  classRangeInvalid: 'class_range_invalid',
  escapeUnfinished: 'escape_unfinished',
  escapeUnknown: 'escape_unknown',
  escapeInvalid: 'escape_invalid',
  boundaryUnknown: 'boundary_unknown',
  unicodeOff: 'unicode_off',
  propertyUnknown: 'property_unknown',
} as const;
export type RegexFaultCode = (typeof RegexFaultCode)[keyof typeof RegexFaultCode];

export interface RegexFault {
  readonly code: RegexFaultCode;
  /** A plain sentence that starts in lower case and has no full stop. */
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
  /** Where in the pattern, in UTF-16 units. */
  readonly offset: number;
  readonly length: number;
}

/** Carries a fault out of the parser; `parseRegex` turns it back into a value. */
export class PatternError extends Error {
  readonly fault: RegexFault;

  constructor(fault: RegexFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export const faultOf = (
  code: RegexFaultCode,
  message: string,
  place: readonly [start: number, end: number],
  hint?: string,
): RegexFault => {
  const at = { code, message, offset: place[0], length: place[1] - place[0] };
  return hint === undefined ? at : { ...at, hint };
};
