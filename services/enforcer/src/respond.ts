/** What the client is answered where a rule keeps its request from the origin. */
import { Phase } from '@precede/contracts';
import type { DenyResponse } from './decision.ts';
import type { Outcome, RuleHit } from './outcome.ts';
import type { ZoneTable } from './zone-table.ts';

type Header = readonly [name: string, value: string];

const noStore: Header = ['cache-control', 'no-store'];
const json = 'application/json; charset=utf-8';

/** Says nothing of the rule: the developer finds it by the decision id, an attacker does not. */
const bodyOf = (code: string, message: string, decisionId: string): string =>
  JSON.stringify({ error: { code, message, decision_id: decisionId } });

const decisionHeader = (hasHeader: boolean, decisionId: string): readonly Header[] =>
  hasHeader ? [['x-precede-decision', decisionId]] : [];

/** Null where the request is let through. */
export const responseOf = (outcome: Outcome, table: ZoneTable, decisionId: string): DenyResponse | null => {
  if (outcome.kind !== 'block' || outcome.hit === null) return null;
  const common = [noStore, ...decisionHeader(table.settings.hasDecisionHeader, decisionId)];
  if (outcome.hit.effect === 'redirect') return redirected(outcome, outcome.hit, common);
  const retryAfter: readonly Header[] =
    outcome.retryAfterMs > 0 ? [['retry-after', String(Math.ceil(outcome.retryAfterMs / 1000))]] : [];
  return refused(outcome.hit, [...common, ...retryAfter], decisionId);
};

const redirected = (
  { location }: Outcome,
  { phaseRule }: RuleHit,
  headers: readonly Header[],
): DenyResponse => {
  const action = phaseRule?.rule.action;
  const status = action?.kind === 'redirect' ? action.status : 302;
  return { status, headers: [...headers, ['location', location]], body: '' };
};

const refused = ({ source, phaseRule }: RuleHit, headers: readonly Header[], id: string): DenyResponse => {
  const action = phaseRule?.rule.action;
  const custom = action?.kind === 'block' ? action.response : null;
  if (custom !== null)
    return {
      status: custom.status,
      headers: [...headers, ['content-type', custom.contentType]],
      body: custom.content,
    };
  const isLimit = source === Phase.ratelimit;
  return {
    status: isLimit ? 429 : 403,
    headers: [...headers, ['content-type', json]],
    body: isLimit
      ? bodyOf('rate_limited', 'Too many requests.', id)
      : bodyOf('denied', 'The request was refused.', id),
  };
};

/** Where no decision can be made and the zone fails closed: no fault of the client. */
export const failClosedResponse = (hasHeader: boolean, decisionId: string): DenyResponse => ({
  status: 503,
  headers: [noStore, ...decisionHeader(hasHeader, decisionId), ['retry-after', '1'], ['content-type', json]],
  body: bodyOf('unavailable', 'The request could not be checked.', decisionId),
});
