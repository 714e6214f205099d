/**
 * One zone's snapshot in the form decisions are made on: compiled once, immutable, swapped whole. A snapshot that does
 * not compile is a value here; who keeps the last good one is zone-tables.ts.
 */
import type {
  Operation,
  SessionIdentifier,
  ShortId,
  ZoneId,
  ZoneSettings,
  ZoneSnapshot,
} from '@precede/contracts';
import { compileMatcher, type Matcher, normaliseRequestPath } from '@precede/endpoints';
import { compileMitigation, type MitigationTable } from '@precede/rules';
import { zoneSecretOf } from '@precede/service';
import type { TokenSessions, Tokens } from '@precede/tokens';
import type { GatewayRequest } from './gateway-request.ts';
import { compilePhases, type PhaseRules } from './phase-rules.ts';

export interface ZoneTable {
  readonly zoneId: ZoneId;
  readonly revision: number;
  readonly matcher: Matcher;
  /** The operation of a request, if one is saved for it. */
  readonly match: (request: GatewayRequest) => Operation | undefined;
  readonly rules: MitigationTable;
  readonly phases: PhaseRules;
  /** Of sequence mitigation and of all phases. */
  readonly ruleCount: number;
  readonly settings: ZoneSettings;
  /** By the setting of the zone or of the enforcer. */
  readonly isLogOnly: boolean;
  readonly identifiers: readonly SessionIdentifier[];
  /** Null: the zone has no tokens that could count. */
  readonly tokens: TokenSessions | null;
  readonly secret: Buffer;
  /** To name operations in reasons; deleted ones are missing. */
  readonly operations: ReadonlyMap<ShortId, Operation>;
}

export const RefusalReason = {
  rules: 'rules',
  operations: 'operations',
  expressions: 'expressions',
} as const;
export type RefusalReason = (typeof RefusalReason)[keyof typeof RefusalReason];

export type CompiledZone =
  | { readonly kind: 'compiled'; readonly table: ZoneTable }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly faults: readonly string[] };

export interface ZoneOptions {
  /** PRECEDE_SESSION_KEY. */
  readonly masterKey: Buffer;
  /** Whatever the zone says. */
  readonly isLogOnly: boolean;
  readonly tokens: Tokens;
}

/** O(operations + rules). */
export const compileZone = (
  snapshot: ZoneSnapshot,
  { masterKey, isLogOnly, tokens }: ZoneOptions,
): CompiledZone => {
  const rules = compileMitigation(snapshot.rules, snapshot.operations);
  if (rules.kind === 'refused')
    return {
      kind: 'refused',
      reason: 'rules',
      faults: rules.faults.map((f) => `rule ${f.ruleId}: ${f.message}`),
    };
  const phases = compilePhases(snapshot);
  if (phases.kind === 'refused') return { kind: 'refused', reason: 'expressions', faults: phases.faults };
  const operations = new Map<ShortId, Operation>();
  for (const each of snapshot.operations.values()) operations.set(each.shortId, each);
  const matcher = compileMatcher(snapshot.operations.values());
  const faults = faultsOf(snapshot, operations.size, matcher.size);
  if (faults.length > 0) return { kind: 'refused', reason: 'operations', faults };
  const table: ZoneTable = {
    zoneId: snapshot.zoneId,
    revision: snapshot.revision,
    matcher,
    match: ({ method, host, path }) => matcher.match(method, host, normaliseRequestPath(path)),
    rules: rules.table,
    phases: phases.phases,
    ruleCount: snapshot.rules.length + phases.phases.count,
    settings: snapshot.settings,
    isLogOnly: isLogOnly || snapshot.settings.isLogOnly,
    identifiers: snapshot.identifiers,
    tokens: tokens.forZone(snapshot).sessions,
    secret: zoneSecretOf(masterKey, snapshot.zoneId),
    operations,
  };
  return { kind: 'compiled', table };
};

/** Two operations under one number, or of one shape, would make rules about one hold for the other. */
const faultsOf = (snapshot: ZoneSnapshot, shortIds: number, matched: number): readonly string[] => {
  const count = snapshot.operations.size;
  const faults: string[] = [];
  if (shortIds !== count) faults.push(`${count - shortIds} operations share a short id with another`);
  if (matched !== count) faults.push(`${count - matched} operations match the same requests as another`);
  return faults;
};
