/** What was decided on one request and on what evidence; how it reads is reason.ts, how it travels respond.ts. */
import type { DecidedAction, Operation, RuleSource, ShortId, Verdict } from '@precede/contracts';
import type { MitigationRule, MitigationVerdict } from '@precede/rules';
import type { RequestHeaderChange } from './decision.ts';
import type { PhaseRule } from './phase-rules.ts';

/** What a rule that matched does, or would do. */
export type Effect = DecidedAction | 'skip' | 'rewrite';

export interface RuleHit {
  readonly source: RuleSource;
  readonly ruleId: string;
  /** Title or description; may be empty. */
  readonly name: string;
  readonly effect: Effect;
  /** False: it only logs, by its own setting, its roll-out or that of the zone. */
  readonly isEnforced: boolean;
  /** Null: a rule of sequence mitigation. */
  readonly phaseRule: PhaseRule | null;
  readonly mitigation: MitigationRule | null;
}

export interface Outcome {
  readonly kind: Verdict;
  readonly operation: Operation | undefined;
  /** The rule that decided: the one that denied, else the first that would have, else the one that let pass. */
  readonly hit: RuleHit | null;
  /** Every rule that matched, in the order of the phases. */
  readonly hits: readonly RuleHit[];
  /** What sequence mitigation said, where it was asked. */
  readonly mitigation: MitigationVerdict | null;
  /** Where the request is redirected to; empty: it is not. */
  readonly location: string;
  /** Of a limit: until it lets through again. */
  readonly retryAfterMs: number;
  readonly requestHeaders: readonly RequestHeaderChange[];
  /** What the decision saw, oldest first; the allow of an unsampled request does not keep it. */
  readonly evidence: Evidence;
}

export interface Evidence {
  readonly lookback: readonly ShortId[];
  readonly lookbackMs: readonly number[];
  readonly raw: readonly ShortId[];
  readonly rawMs: readonly number[];
}

const nothing: readonly never[] = Object.freeze([]);

export const noEvidence: Evidence = Object.freeze({
  lookback: nothing,
  lookbackMs: nothing,
  raw: nothing,
  rawMs: nothing,
});

/** A rule whose purpose is to log, or that would have kept the request from the origin. */
export const isLogged = ({ effect, isEnforced }: RuleHit): boolean =>
  effect === 'log' || (denies(effect) && !isEnforced);

/** Effects that keep a request from the origin. */
export const denies = (effect: Effect): effect is 'block' | 'limit' | 'redirect' =>
  effect === 'block' || effect === 'limit' || effect === 'redirect';
