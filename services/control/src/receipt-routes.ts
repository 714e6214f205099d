/** What was decided and why, and who changed what: read from ClickHouse, where the scorer stores both. */
import type { Clock } from '@precede/service';
import type { FastifyInstance } from 'fastify';
import type { Analytics } from './analytics.ts';
import { auditQuery, listAudit } from './audit-logs.ts';
import type { ConfigStore } from './config-store.ts';
import { decisionsQuery, listDecisions } from './decisions.ts';
import { success, successPage } from './envelope.ts';
import { apiError } from './errors.ts';
import { parseQuery } from './parse.ts';
import { isDecisionId, readReceipt } from './receipt.ts';
import { administrating, param, reading, zoneIdOf, zoneOf } from './request.ts';

interface ReceiptDeps {
  readonly store: ConfigStore;
  readonly analytics: Analytics;
  readonly clock: Clock;
}

export const receiptRoutes = (api: FastifyInstance, { store, analytics, clock }: ReceiptDeps): void => {
  api.get('/zones/:zone_id/decisions', reading, async (request) => {
    const zone = zoneOf(request, store);
    const query = parseQuery(decisionsQuery, request.query);
    const { items, page, total } = await analytics.ask((clickhouse) =>
      listDecisions(clickhouse, zone, query, clock.now()),
    );
    return successPage(items, page, total);
  });
  api.get('/zones/:zone_id/decisions/:decision_id', reading, async (request) => {
    const zone = zoneOf(request, store);
    const id = param(request, 'decision_id').toLowerCase();
    if (!isDecisionId(id)) throw apiError('noRoute', 'the decision id in the path is not a UUID');
    const receipt = await analytics.ask((clickhouse) => readReceipt(clickhouse, zone, id));
    if (receipt === undefined)
      throw apiError('decisionUnknown', `no decision ${id} is kept of this zone (allows are a sample)`);
    return success(receipt);
  });
  // Of a zone that is deleted, too: who did it is asked afterwards.
  api.get('/zones/:zone_id/audit_logs', administrating, async (request) => {
    const query = parseQuery(auditQuery, request.query);
    const { items, page, total } = await analytics.ask((clickhouse) =>
      listAudit(clickhouse, zoneIdOf(request), query),
    );
    return successPage(items, page, total);
  });
};
