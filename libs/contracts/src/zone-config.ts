/**
 * The configuration of zones as it stands on config.v1, and the fold that turns its records into complete
 * zone snapshots. Every change set of a zone is one revision; its zone record comes last and completes it,
 * so a reader never shows half a change. Compaction keeps that order, so a reader from the start is right too.
 */
import type { OperationId, RuleId, ShortId, ZoneId } from './ids.ts';

export const Method = {
  GET: 'GET',
  POST: 'POST',
  HEAD: 'HEAD',
  OPTIONS: 'OPTIONS',
  PUT: 'PUT',
  DELETE: 'DELETE',
  CONNECT: 'CONNECT',
  PATCH: 'PATCH',
  TRACE: 'TRACE',
} as const;
export type Method = (typeof Method)[keyof typeof Method];

export interface Operation {
  readonly operationId: OperationId;
  readonly shortId: ShortId;
  readonly method: Method;
  /** Lower-case host, perhaps with one variable first label: `{hostVar1}.example.com`. */
  readonly host: string;
  /** Normalised path template: `/api/v1/users/{var1}`. */
  readonly endpoint: string;
  readonly lastUpdatedMs: number;
}

export interface SessionIdentifier {
  readonly type: 'header' | 'cookie' | 'jwt';
  readonly name: string;
}

export interface SequenceRule {
  readonly ruleId: RuleId;
  readonly title: string;
  readonly kind: 'allow' | 'block';
  readonly action: 'block' | 'log';
  readonly start: OperationId;
  readonly end: OperationId;
  /** 1-based; lower is asked first. */
  readonly position: number;
  /** As an older client gave it in place of a position (higher first): kept only to place further ones by it. */
  readonly priority?: number;
  readonly createdAtMs: number;
  readonly lastUpdatedMs: number;
}

export interface ZoneSettings {
  readonly name: string;
  readonly createdAtMs: number;
  /** Session window gap, ms. */
  readonly inactivityGapMs: number;
  /** Allowed disorder, ms. */
  readonly graceMs: number;
  /** Short ids of deleted operations: never drawn again. */
  readonly retiredShortIds: readonly ShortId[];
}

export const zoneDefaults = { inactivityGapMs: 600_000, graceMs: 5_000 } as const;

interface Change {
  readonly zoneId: ZoneId;
  /** Grows by one with every change set of the zone. */
  readonly revision: number;
  /** How many records the change set has, tombstones and the closing zone record included. */
  readonly records: number;
}
export type ConfigBody =
  | { readonly kind: 'operation'; readonly id: string; readonly operation: Operation | null }
  | {
      readonly kind: 'session_identifiers';
      readonly id: string;
      readonly identifiers: readonly SessionIdentifier[] | null;
    }
  | { readonly kind: 'sequence_rule'; readonly id: string; readonly rule: SequenceRule | null }
  | { readonly kind: 'zone'; readonly id: string; readonly settings: ZoneSettings | null };
/** One record of config.v1; a null body is a tombstone (of `zone`: the zone is gone). */
export type ConfigRecord = Change & ConfigBody;

export interface ZoneSnapshot {
  readonly zoneId: ZoneId;
  readonly revision: number;
  readonly settings: ZoneSettings;
  readonly operations: ReadonlyMap<OperationId, Operation>;
  readonly identifiers: readonly SessionIdentifier[];
  /** Sorted by position. */
  readonly rules: readonly SequenceRule[];
}

interface Draft {
  readonly operations: Map<OperationId, Operation>;
  readonly rules: Map<RuleId, SequenceRule>;
  identifiers: readonly SessionIdentifier[];
}

/** Folds config.v1 records in log order; O(records of the zone) at each completed revision. */
export class ZoneConfigs {
  readonly #drafts = new Map<ZoneId, Draft>();
  readonly #snapshots = new Map<ZoneId, ZoneSnapshot>();

  /** Takes one record; returns the zone whose snapshot it completed (or removed), else undefined. */
  apply(record: ConfigRecord): ZoneId | undefined {
    const draft = this.#draft(record.zoneId);
    switch (record.kind) {
      case 'operation':
        put(draft.operations, record.id as OperationId, record.operation);
        return undefined;
      case 'sequence_rule':
        put(draft.rules, record.id as RuleId, record.rule);
        return undefined;
      case 'session_identifiers':
        draft.identifiers = record.identifiers ?? [];
        return undefined;
      case 'zone':
        return this.#complete(record.zoneId, record.revision, record.settings, draft);
      default:
        return record satisfies never;
    }
  }

  get(zoneId: ZoneId): ZoneSnapshot | undefined {
    return this.#snapshots.get(zoneId);
  }

  all(): IterableIterator<ZoneSnapshot> {
    return this.#snapshots.values();
  }

  #draft(zoneId: ZoneId): Draft {
    const known = this.#drafts.get(zoneId);
    if (known !== undefined) return known;
    const draft: Draft = { operations: new Map(), rules: new Map(), identifiers: [] };
    this.#drafts.set(zoneId, draft);
    return draft;
  }

  #complete(zoneId: ZoneId, revision: number, settings: ZoneSettings | null, draft: Draft): ZoneId {
    if (settings === null) {
      this.#drafts.delete(zoneId);
      this.#snapshots.delete(zoneId);
      return zoneId;
    }
    this.#snapshots.set(zoneId, {
      zoneId,
      revision,
      settings,
      operations: new Map(draft.operations),
      identifiers: draft.identifiers,
      rules: [...draft.rules.values()].sort((a, b) => a.position - b.position),
    });
    return zoneId;
  }
}

const put = <K, V>(map: Map<K, V>, key: K, value: V | null): void => {
  if (value === null) map.delete(key);
  else map.set(key, value);
};
