/** A decision as POST /v1/decide answers it. */
import type { Operation } from '@precede/contracts';
import type { Decision } from './decision.ts';

export const viewOf = (decision: Decision) => ({
  decision: decision.decision,
  action: decision.action,
  decision_id: decision.decisionId,
  rule_id: decision.ruleId,
  rule_source: decision.ruleSource,
  reason: decision.reason,
  operation: decision.operation === null ? null : operationView(decision.operation),
  logged: decision.logged,
  session: decision.hasSession,
  response: decision.response,
  request_headers: decision.requestHeaders,
  set_cookie: decision.setCookie,
  ...(decision.failed === null ? {} : { failed: decision.failed }),
});

const operationView = (operation: Operation) => ({
  operation_id: operation.operationId,
  method: operation.method,
  host: operation.host,
  endpoint: operation.endpoint,
});
