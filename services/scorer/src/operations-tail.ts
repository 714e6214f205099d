/**
 * Follows config.v1 into the tables `operations` and `zones`, for names in the analysts' views. Every scorer does, and each
 * start begins anew: the newest revision of a row wins, so doubled work changes nothing. Deleted ones stay, flagged.
 */
import type { ConfigRecord, Operation, ZoneId } from '@precede/contracts';
import { type EventLog, type Tail, tailConfig } from '@precede/log';
import type { Logger } from '@precede/service';
import type { ScorerMetrics } from './metrics.ts';
import { iso, type Storage } from './storage.ts';

const operationColumns = [
  'zone_id',
  'short_id',
  'operation_id',
  'method',
  'host',
  'endpoint',
  'last_updated',
  'is_deleted',
  'revision',
];
const flagDeleted = `INSERT INTO operations (${operationColumns.join(', ')})
SELECT zone_id, short_id, operation_id, method, host, endpoint, last_updated, 1, {revision:UInt64}
FROM operations FINAL
WHERE zone_id = {zone:String} AND is_deleted = 0`;

const operationRow = (zoneId: ZoneId, o: Operation, revision: number): unknown[] => [
  zoneId,
  o.shortId,
  o.operationId,
  o.method,
  o.host,
  o.endpoint,
  iso(o.lastUpdatedMs),
  0,
  revision,
];

interface KnownZone {
  readonly operations: Set<string>;
  revision: number;
}

export interface OperationsDeps {
  readonly storage: Storage;
  readonly metrics: ScorerMetrics;
  readonly logger: Logger;
}

export class OperationsTable {
  readonly #deps: OperationsDeps;
  readonly #zones = new Map<ZoneId, KnownZone>();

  constructor(deps: OperationsDeps) {
    this.#deps = deps;
  }

  /** Errors of the tail are the caller's to tell; they are tried again. */
  follow(log: EventLog, onError: (err: unknown) => void): Promise<Tail> {
    const { logger, metrics } = this.#deps;
    return tailConfig(log, {
      onChanges: (changes) => this.#apply(changes),
      onUnreadable: (err, { topic, partition, offset }) => {
        logger.warn({ err, topic, partition, offset }, 'unreadable record passed');
        metrics.operations.inc({ outcome: 'unreadable' });
      },
      onUnknown: () => metrics.operations.inc({ outcome: 'ignored' }),
      onError,
    });
  }

  /** Once the tail has caught up: flags what compaction has forgotten while no scorer ran. */
  async reconcile(): Promise<void> {
    for (const [zone, { operations, revision }] of this.#zones)
      await this.#flag('AND NOT has({ids:Array(String)}, toString(operation_id))', {
        zone,
        revision,
        ids: [...operations],
      });
  }

  /** In log order; resolves when stored. */
  async #apply(changes: readonly ConfigRecord[]): Promise<void> {
    const { storage, metrics } = this.#deps;
    for (const change of changes) {
      metrics.operations.inc({ outcome: 'stored' });
      this.#remember(change);
    }
    await storage.insert('operations', operationColumns, changes.flatMap(savedRows));
    await storage.insert('zones', ['zone_id', 'name', 'is_deleted', 'revision'], changes.flatMap(zoneRows));
    // After the saved ones: an operation may be saved and deleted within one batch.
    for (const change of changes) await this.#applyDeleted(change);
  }

  #remember(change: ConfigRecord): void {
    const zone = this.#zones.get(change.zoneId) ?? { operations: new Set<string>(), revision: 0 };
    this.#zones.set(change.zoneId, zone);
    zone.revision = Math.max(zone.revision, change.revision);
    if (change.kind !== 'operation') return;
    if (change.operation === null) zone.operations.delete(change.id);
    else zone.operations.add(change.id);
  }

  async #applyDeleted(change: ConfigRecord): Promise<void> {
    const { zoneId: zone, revision, id } = change;
    if (change.kind === 'operation' && change.operation === null)
      await this.#flag('AND toString(operation_id) = {id:String}', { zone, revision, id });
    if (change.kind === 'zone' && change.settings === null) await this.#flag('', { zone, revision });
  }

  async #flag(which: string, params: Record<string, unknown>): Promise<void> {
    const { storage } = this.#deps;
    await storage.run(() => storage.clickhouse.command(`${flagDeleted} ${which}`, params));
  }
}

const savedRows = (change: ConfigRecord): unknown[][] =>
  change.kind === 'operation' && change.operation !== null
    ? [operationRow(change.zoneId, change.operation, change.revision)]
    : [];

const zoneRows = (change: ConfigRecord): unknown[][] =>
  change.kind === 'zone'
    ? [[change.zoneId, change.settings?.name ?? '', change.settings === null ? 1 : 0, change.revision]]
    : [];
