/**
 * Sequence Mitigation as a compiled table: which rules a request's operation has to answer to, in order.
 * Meaning of the rules: docs/semantics.md, Sequence mitigation. Evaluation is in mitigation-decide.ts.
 */
import type { Operation, OperationId, RuleId, SequenceRule, ShortId } from '@precede/contracts';

/** One rule as the evaluator sees it: operations are short ids. */
export interface MitigationRule {
  readonly ruleId: RuleId;
  readonly title: string;
  readonly kind: 'allow' | 'block';
  readonly action: 'block' | 'log';
  readonly start: ShortId;
  readonly end: ShortId;
  readonly position: number;
  /** 0 … 100: the share of sessions that it is enforced for; for all others its action is log. */
  readonly rolloutPercent: number;
}

/** Rules by the operation that ends them, each list in the order in which it is asked. Immutable. */
export type MitigationTable = ReadonlyMap<ShortId, readonly MitigationRule[]>;

export const MitigationFaultCode = {
  unknownStart: 'unknown_start',
  unknownEnd: 'unknown_end',
  differentHosts: 'different_hosts',
} as const;
export type MitigationFaultCode = (typeof MitigationFaultCode)[keyof typeof MitigationFaultCode];

export interface MitigationFault {
  readonly ruleId: RuleId;
  readonly position: number;
  readonly code: MitigationFaultCode;
  readonly message: string;
}

export type CompiledMitigation =
  | { readonly kind: 'compiled'; readonly table: MitigationTable }
  /** All faults of all rules, by position, then rule id, then code. */
  | { readonly kind: 'refused'; readonly faults: readonly MitigationFault[] };

/** Checks and orders the rules of one zone. O(rules · log rules). */
export const compileMitigation = (
  rules: readonly SequenceRule[],
  operations: ReadonlyMap<OperationId, Operation>,
): CompiledMitigation => {
  const faults: MitigationFault[] = [];
  const table = new Map<ShortId, MitigationRule[]>();
  for (const rule of [...rules].sort(byPosition)) {
    const start = operations.get(rule.start);
    const end = operations.get(rule.end);
    const found = faultsOf(rule, start, end);
    faults.push(...found);
    if (start === undefined || end === undefined || found.length > 0) continue;
    addRule(table, compileRule(rule, start, end));
  }
  return faults.length === 0 ? { kind: 'compiled', table } : { kind: 'refused', faults };
};

/** Equal positions are no valid state; the older rule goes first so that the order is still one and the same everywhere. */
const byPosition = (a: SequenceRule, b: SequenceRule): number =>
  a.position - b.position || a.createdAtMs - b.createdAtMs || compareText(a.ruleId, b.ruleId);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const faultsOf = (
  rule: SequenceRule,
  start: Operation | undefined,
  end: Operation | undefined,
): readonly MitigationFault[] => {
  const faults: MitigationFault[] = [];
  const add = (code: MitigationFaultCode, message: string): void => {
    faults.push({ ruleId: rule.ruleId, position: rule.position, code, message });
  };
  if (start !== undefined && end !== undefined && start.host !== end.host)
    add('different_hosts', `the operations are of different hosts, ${start.host} and ${end.host}`);
  if (end === undefined) add('unknown_end', `the last operation ${rule.end} is not saved`);
  if (start === undefined) add('unknown_start', `the first operation ${rule.start} is not saved`);
  return faults;
};

const compileRule = (rule: SequenceRule, start: Operation, end: Operation): MitigationRule => ({
  ruleId: rule.ruleId,
  title: rule.title,
  kind: rule.kind,
  action: rule.action,
  start: start.shortId,
  end: end.shortId,
  position: rule.position,
  rolloutPercent: rule.rolloutPercent ?? 100,
});

const addRule = (table: Map<ShortId, MitigationRule[]>, rule: MitigationRule): void => {
  const known = table.get(rule.end);
  if (known === undefined) table.set(rule.end, [rule]);
  else known.push(rule);
};
