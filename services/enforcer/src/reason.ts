/** Why a request was allowed or denied, as a plain sentence for the developer behind the API. Never names a session. */
import { formatShortId, mitigationSource, type Operation, Phase, type ShortId } from '@precede/contracts';
import { type MitigationRule, maxRuns } from '@precede/rules';
import { type Effect, isLogged, type Outcome, type RuleHit } from './outcome.ts';
import type { ZoneTable } from './zone-table.ts';

export const reasonOf = (outcome: Outcome, table: ZoneTable, hasSession: boolean): string => {
  const { hit } = outcome;
  if (outcome.kind === 'allow' || hit === null) return allowed(outcome, table);
  const because =
    hit.mitigation === null ? expressionSentence(hit) : mitigationSentence(outcome, table, hasSession);
  if (outcome.kind === 'block') return `${verbs[hit.effect]} by ${because}`;
  const others = outcome.hits.filter((each) => each !== hit && isLogged(each)).length;
  const more =
    others === 0 ? '' : ` ${others} more ${others === 1 ? 'rule' : 'rules'} would have acted on it too.`;
  return `Let through and logged: it would be ${verbs[hit.effect].toLowerCase()} by ${because}${more}`;
};

const verbs: Readonly<Record<Effect, string>> = {
  block: 'Denied',
  limit: 'Limited',
  redirect: 'Redirected',
  log: 'Denied',
  skip: 'Skipped',
  rewrite: 'Changed',
};

const phaseNames: Readonly<Record<Phase, string>> = {
  [Phase.redirect]: 'redirect rule',
  [Phase.custom]: 'custom rule',
  [Phase.ratelimit]: 'rate limit',
  [Phase.lateTransform]: 'header rule',
};

/** As a person names the rule: by its description, else by its id. */
const namedRule = ({ source, name, ruleId }: RuleHit): string =>
  `${source === mitigationSource ? 'rule' : phaseNames[source]} ${name === '' ? ruleId : JSON.stringify(name)}`;

const expressionSentence = (hit: RuleHit): string => {
  const ratelimit = hit.phaseRule?.rule.ratelimit ?? null;
  if (ratelimit === null) return `${namedRule(hit)}: its expression matches the request.`;
  const { requestsPerPeriod, periodMs } = ratelimit;
  return `${namedRule(hit)}: more than ${requestsPerPeriod} requests in ${periodMs / 1000} s.`;
};

const mitigationSentence = (outcome: Outcome, table: ZoneTable, hasSession: boolean): string => {
  const rule = outcome.hit?.mitigation ?? null;
  const end = outcome.operation === undefined ? 'the request' : nameOf(outcome.operation);
  return `${because(rule, end, table)}${seenOf(outcome, table, hasSession)}`;
};

const allowed = ({ operation, mitigation }: Outcome, table: ZoneTable): string => {
  if (operation === undefined)
    return 'No saved operation matches the request, so no sequence rule was asked.';
  const end = nameOf(operation);
  const { cause, rule } = mitigation ?? { cause: 'no_rule', rule: null };
  if (mitigation === null) return 'Sequence rules were skipped by a custom rule.';
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
  return `rule ${quoted(rule)}: ${end} must be preceded by ${startsFor(rule, table)} among the last ${maxRuns} operations of the session, and was not.`;
};

/** The starts of every allow rule of the same end: they are alternatives. */
const startsFor = (rule: MitigationRule, table: ZoneTable): string => {
  const known = startsByRule.get(rule);
  if (known !== undefined) return known;
  const text = namedStarts(rule, table);
  startsByRule.set(rule, text);
  return text;
};

/** A compiled rule belongs to one table, so what it says stays the same. */
const startsByRule = new WeakMap<MitigationRule, string>();

const namedStarts = (rule: MitigationRule, table: ZoneTable): string => {
  const starts = (table.rules.get(rule.end) ?? []).filter((each) => each.kind === 'allow');
  return [...new Set(starts.map((each) => named(each.start, table)))].join(' or ');
};

const seenOf = ({ evidence }: Outcome, table: ZoneTable, hasSession: boolean): string => {
  if (!hasSession) return ' The request carries no session identifier, so nothing was before it.';
  if (evidence.lookback.length === 0) return ' The session has no earlier operation within 10 minutes.';
  return ` Seen before it: ${evidence.lookback.map((each) => named(each, table)).join(', ')}.`;
};

/** What would have let a request pass that was denied, or would have been; empty otherwise. */
export const remedyOf = (outcome: Outcome, table: ZoneTable, hasSession: boolean): string => {
  const { hit } = outcome;
  if (outcome.kind === 'allow' || hit === null) return '';
  if (hit.mitigation !== null) return mitigationRemedy(hit.mitigation, table, hasSession);
  if (hit.effect === 'limit')
    return `Send fewer requests, or wait ${Math.ceil(outcome.retryAfterMs / 1000)} s: the limit counts by ${countedBy(hit)}.`;
  return hit.effect === 'redirect'
    ? 'Ask the address it is redirected to.'
    : 'It passes where the expression of the rule is false: the trace says which part decided.';
};

const countedBy = ({ phaseRule }: RuleHit): string =>
  phaseRule?.rule.ratelimit?.characteristics.join(' and ') || 'nothing but the rule';

const mitigationRemedy = (rule: MitigationRule, table: ZoneTable, hasSession: boolean): string => {
  const identify = hasSession ? '' : 'Send the session identifier with every request. ';
  if (rule.kind === 'block')
    return `${identify}Leave more than 10 minutes, or ${maxRuns} other operations, between ${named(rule.start, table)} and this request.`;
  return `${identify}Call ${startsFor(rule, table)} first in the same session, at most 10 minutes and ${maxRuns - 1} other operations before, and see that it is let through.`;
};

const nameOf = (operation: Operation): string => `${operation.method} ${operation.endpoint}`;

const named = (shortId: ShortId, table: ZoneTable): string => {
  const operation = table.operations.get(shortId);
  return operation === undefined ? `operation ${formatShortId(shortId)}` : nameOf(operation);
};

const quoted = (rule: MitigationRule): string => JSON.stringify(rule.title);
