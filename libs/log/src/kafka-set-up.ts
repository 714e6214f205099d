/**
 * Set-up as a step of its own: topics and schemas made, or only looked at, and what was found of each. Services that may
 * create use the same functions at their start; those that may not are told by `notSetUp` what they wait for.
 */
import { ErrorCode, UnavailableError } from '@precede/contracts';

export const SetUpState = {
  present: 'present',
  made: 'made',
  missing: 'missing',
} as const;
export type SetUpState = (typeof SetUpState)[keyof typeof SetUpState];

export interface SetUpFinding {
  readonly kind: 'topic' | 'schema';
  /** With the prefix, as the broker or the registry knows it. */
  readonly name: string;
  readonly state: SetUpState;
  /** Of a topic that is there. */
  readonly partitions?: number;
}

const listed = (what: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${what} ${names.join(', ')}`];

/** Who waits for it cannot make it: the sentence names the command that can. */
export const notSetUp = (missing: readonly SetUpFinding[]): UnavailableError => {
  const names = (kind: SetUpFinding['kind']): string[] =>
    missing.filter((finding) => finding.kind === kind).map(({ name }) => name);
  const parts = [...listed('topics', names('topic')), ...listed('schemas', names('schema'))];
  return new UnavailableError(
    ErrorCode.logUnavailable,
    `Missing in Kafka or hidden from this user: ${parts.join('; ')}. Run "precede topics".`,
  );
};
