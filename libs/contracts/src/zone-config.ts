/**
 * The configuration of zones as it stands on config.v1, and the fold that turns its records into complete
 * zone snapshots. Every change set of a zone is one revision; its zone record comes last and completes it,
 * so a reader never shows half a change. Compaction keeps that order, so a reader from the start is right too.
 */
import type {
  ExpressionRule,
  NamedListConfig,
  Phase,
  PhaseInfo,
  TokenConfiguration,
} from './expression-rules.ts';
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
  /** 0 … 99: for this share of the sessions the rule is enforced, for all others it only logs; absent: for all. */
  readonly rolloutPercent?: number;
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
  /** Whether the sequence cookie is set and read, which the cf.sequence.* fields are filled from. */
  readonly hasSequenceCookies: boolean;
  /** Every rule decides and is recorded, and every request passes. */
  readonly isLogOnly: boolean;
  /** What is answered where no decision can be made; null: as the enforcer is set. */
  readonly failMode: FailMode | null;
  /** Who publishes the requests of this zone; from the other they are refused and counted. */
  readonly requestsOrigin: RequestsOrigin;
  /** Whether a denial tells its decision in X-Precede-Decision. */
  readonly hasDecisionHeader: boolean;
}

/** An HTTP error (the gateway's own setting decides), allow, or deny. */
export const FailMode = { error: 'error', open: 'open', closed: 'closed' } as const;
export type FailMode = (typeof FailMode)[keyof typeof FailMode];

export const RequestsOrigin = { ingest: 'ingest', enforcer: 'enforcer' } as const;
export type RequestsOrigin = (typeof RequestsOrigin)[keyof typeof RequestsOrigin];

export const zoneDefaults = {
  inactivityGapMs: 600_000,
  graceMs: 5_000,
  hasSequenceCookies: false,
  isLogOnly: false,
  failMode: null,
  requestsOrigin: 'ingest',
  hasDecisionHeader: true,
} as const;

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
  | { readonly kind: 'expression_rule'; readonly id: string; readonly expressionRule: ExpressionRule | null }
  | { readonly kind: 'phase'; readonly id: string; readonly phase: PhaseInfo | null }
  | { readonly kind: 'named_list'; readonly id: string; readonly list: NamedListConfig | null }
  | {
      readonly kind: 'token_configuration';
      readonly id: string;
      readonly tokenConfiguration: TokenConfiguration | null;
    }
  | { readonly kind: 'zone'; readonly id: string; readonly settings: ZoneSettings | null };
export type ConfigKind = ConfigBody['kind'];
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
  /** Of all phases, sorted by position. */
  readonly expressionRules: readonly ExpressionRule[];
  readonly phases: ReadonlyMap<Phase, PhaseInfo>;
  /** By name. */
  readonly lists: ReadonlyMap<string, NamedListConfig>;
  /** By id. */
  readonly tokenConfigurations: ReadonlyMap<string, TokenConfiguration>;
}

interface Draft {
  readonly operations: Map<OperationId, Operation>;
  readonly rules: Map<RuleId, SequenceRule>;
  readonly expressionRules: Map<RuleId, ExpressionRule>;
  readonly phases: Map<Phase, PhaseInfo>;
  /** By id. */
  readonly lists: Map<string, NamedListConfig>;
  readonly tokenConfigurations: Map<string, TokenConfiguration>;
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
      case 'expression_rule':
        put(draft.expressionRules, record.id as RuleId, record.expressionRule);
        return undefined;
      case 'phase':
        put(draft.phases, record.id as Phase, record.phase);
        return undefined;
      case 'named_list':
        put(draft.lists, record.id, record.list);
        return undefined;
      case 'token_configuration':
        put(draft.tokenConfigurations, record.id, record.tokenConfiguration);
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
    const draft: Draft = {
      operations: new Map(),
      rules: new Map(),
      expressionRules: new Map(),
      phases: new Map(),
      lists: new Map(),
      tokenConfigurations: new Map(),
      identifiers: [],
    };
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
      rules: byPosition(draft.rules.values()),
      expressionRules: byPosition(draft.expressionRules.values()),
      phases: new Map(draft.phases),
      lists: new Map([...draft.lists.values()].map((list) => [list.name, list])),
      tokenConfigurations: new Map(draft.tokenConfigurations),
    });
    return zoneId;
  }
}

/** A snapshot as the bodies of one change set, its zone last: folded again they make the same snapshot. */
export const bodiesOf = (snapshot: ZoneSnapshot): readonly ConfigBody[] => [
  ...[...snapshot.operations.values()].map(
    (operation): ConfigBody => ({ kind: 'operation', id: operation.operationId, operation }),
  ),
  { kind: 'session_identifiers', id: snapshot.zoneId, identifiers: snapshot.identifiers },
  ...snapshot.rules.map((rule): ConfigBody => ({ kind: 'sequence_rule', id: rule.ruleId, rule })),
  ...snapshot.expressionRules.map(
    (expressionRule): ConfigBody => ({ kind: 'expression_rule', id: expressionRule.ruleId, expressionRule }),
  ),
  ...[...snapshot.phases.values()].map((phase): ConfigBody => ({ kind: 'phase', id: phase.phase, phase })),
  ...[...snapshot.lists.values()].map((list): ConfigBody => ({ kind: 'named_list', id: list.listId, list })),
  ...[...snapshot.tokenConfigurations.values()].map(
    (tokenConfiguration): ConfigBody => ({
      kind: 'token_configuration',
      id: tokenConfiguration.configId,
      tokenConfiguration,
    }),
  ),
  { kind: 'zone', id: snapshot.zoneId, settings: snapshot.settings },
];

const byPosition = <T extends { readonly position: number }>(rules: Iterable<T>): readonly T[] =>
  [...rules].sort((a, b) => a.position - b.position);

const put = <K, V>(map: Map<K, V>, key: K, value: V | null): void => {
  if (value === null) map.delete(key);
  else map.set(key, value);
};
