/** Why a request was allowed or denied, as a plain sentence for the developer behind the API. Never names a session. */
import type { Operation, ShortId } from '@precede/contracts';
import { formatShortId } from '@precede/contracts';
import { type MitigationRule, maxRuns } from '@precede/rules';
import type { Outcome } from './decide.ts';
import type { ZoneTable } from './zone-table.ts';

export const reasonOf = (outcome: Outcome, table: ZoneTable, hasSession: boolean): string => {
  const { verdict, operation } = outcome;
  if (verdict === null || operation === null)
    return 'No saved operation matches the request, so no sequence rule was asked.';
  const end = nameOf(operation);
  if (outcome.kind === 'allow') return allowed(verdict.cause, verdict.rule, end, table);
  const seen = seenOf(outcome, table, hasSession);
  if (outcome.kind === 'block') return `Denied by ${because(verdict.rule, end, table)}${seen}`;
  const [first] = outcome.logged;
  const others = outcome.logged.length - 1;
  const more =
    others === 0 ? '' : ` ${others} more ${others === 1 ? 'rule' : 'rules'} would have denied it too.`;
  return `Let through and logged: it would be denied by ${because(first ?? null, end, table)}${seen}${more}`;
};

const allowed = (cause: string, rule: MitigationRule | null, end: string, table: ZoneTable): string => {
  if (rule !== null && cause === 'start_seen')
    return `Rule ${quoted(rule)} lets ${end} pass: ${named(rule.start, table)} came before it in the session.`;
  return cause === 'no_rule'
    ? `No sequence rule ends in ${end}.`
    : `No block rule for ${end} found its first operation in the session.`;
};

const because = (rule: MitigationRule | null, end: string, table: ZoneTable): string => {
  if (rule === null) return 'a rule that is gone.';
  const start = named(rule.start, table);
  if (rule.kind === 'block')
    return `rule ${quoted(rule)}: ${end} must not come after ${start}, which is in the session's lookback.`;
  const starts = (table.rules.get(rule.end) ?? []).filter((each) => each.kind === 'allow');
  const wanted = [...new Set(starts.map((each) => named(each.start, table)))];
  return `rule ${quoted(rule)}: ${end} must be preceded by ${wanted.join(' or ')} among the last ${maxRuns} operations of the session, and was not.`;
};

const seenOf = (outcome: Outcome, table: ZoneTable, hasSession: boolean): string => {
  if (!hasSession) return ' The request carries no session identifier, so nothing was before it.';
  if (outcome.lookback.length === 0) return ' The session has no earlier operation within 10 minutes.';
  return ` Seen before it: ${outcome.lookback.map((each) => named(each, table)).join(', ')}.`;
};

const nameOf = (operation: Operation): string => `${operation.method} ${operation.endpoint}`;

const named = (shortId: ShortId, table: ZoneTable): string => {
  const operation = table.operations.get(shortId);
  return operation === undefined ? `operation ${formatShortId(shortId)}` : nameOf(operation);
};

const quoted = (rule: MitigationRule): string => JSON.stringify(rule.title);
