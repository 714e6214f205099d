/**
 * The tables that decisions are made on now, one a zone. A new snapshot takes effect whole or not at all: one that does
 * not compile is counted and logged, and the last good one stays.
 */
import { createHash } from 'node:crypto';
import type { ZoneId, ZoneSnapshot } from '@precede/contracts';
import type { Clock, Logger } from '@precede/service';
import type { EnforcerMetrics } from './metrics.ts';
import { compileZone, type ZoneOptions, type ZoneTable } from './zone-table.ts';

export interface ZoneTablesDeps extends ZoneOptions {
  readonly logger: Logger;
  readonly metrics: EnforcerMetrics;
  readonly clock: Clock;
}

export class ZoneTables {
  readonly #deps: ZoneTablesDeps;
  readonly #tables = new Map<ZoneId, ZoneTable>();
  /** Zones whose newest snapshot was refused. */
  readonly #refused = new Map<ZoneId, number>();

  constructor(deps: ZoneTablesDeps) {
    this.#deps = deps;
  }

  /** A request takes its table once and decides on it to the end, whatever is installed meanwhile. */
  get(zoneId: ZoneId): ZoneTable | undefined {
    return this.#tables.get(zoneId);
  }

  get size(): number {
    return this.#tables.size;
  }

  zoneIds(): readonly ZoneId[] {
    return [...this.#tables.keys()];
  }

  /** The revision that was refused since the one in force, if any. */
  refusedRevision(zoneId: ZoneId): number | undefined {
    return this.#refused.get(zoneId);
  }

  /** Whether the snapshot is in force now. */
  install(snapshot: ZoneSnapshot): boolean {
    const { zoneId, revision } = snapshot;
    const { logger, metrics, clock } = this.#deps;
    const compiled = compileZone(snapshot, this.#deps);
    if (compiled.kind === 'refused') {
      const { reason, faults } = compiled;
      const inForce = this.#tables.get(zoneId)?.revision ?? null;
      this.#refused.set(zoneId, revision);
      metrics.snapshotsRefused.inc({ reason });
      logger.warn(
        { zoneId, revision, reason, inForce, faults: faults.slice(0, 20) },
        'zone snapshot refused, the last good one stays',
      );
    } else {
      this.#refused.delete(zoneId);
      this.#tables.set(zoneId, compiled.table);
      metrics.swappedMs = clock.now();
      logger.info({ zoneId, revision, rules: compiled.table.ruleCount }, 'zone snapshot in force');
    }
    this.#count();
    return compiled.kind === 'compiled';
  }

  remove(zoneId: ZoneId): void {
    this.#refused.delete(zoneId);
    if (this.#tables.delete(zoneId)) this.#deps.logger.info({ zoneId }, 'zone is gone');
    this.#count();
  }

  #count(): void {
    this.#deps.metrics.zones.set(this.#tables.size);
    this.#deps.metrics.zonesRefused.set(this.#refused.size);
    this.#deps.metrics.rulesDigest.set(digestOf(this.#tables));
  }
}

/** 48 bits, which a number of Prometheus holds exactly. */
const digestOf = (tables: ReadonlyMap<ZoneId, ZoneTable>): number => {
  const inForce = [...tables.values()].map(({ zoneId, revision }) => `${zoneId}:${revision}`).sort();
  return createHash('sha256').update(inForce.join('\n')).digest().readUIntBE(0, 6);
};
