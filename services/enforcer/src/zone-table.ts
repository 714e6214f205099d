/**
 * One zone's snapshot in the form decisions are made on: compiled once, immutable, swapped whole. A snapshot that does
 * not compile is a value here; who keeps the last good one is zone-tables.ts.
 */
import type { Operation, SessionIdentifier, ShortId, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { compileMatcher, type Matcher } from '@precede/endpoints';
import { compileMitigation, type MitigationTable } from '@precede/rules';
import { zoneSecretOf } from '@precede/service';

export interface ZoneTable {
  readonly zoneId: ZoneId;
  readonly revision: number;
  readonly matcher: Matcher;
  readonly rules: MitigationTable;
  readonly ruleCount: number;
  readonly identifiers: readonly SessionIdentifier[];
  readonly secret: Buffer;
  /** To name operations in reasons; deleted ones are missing. */
  readonly operations: ReadonlyMap<ShortId, Operation>;
}

export const RefusalReason = { rules: 'rules', operations: 'operations' } as const;
export type RefusalReason = (typeof RefusalReason)[keyof typeof RefusalReason];

export type CompiledZone =
  | { readonly kind: 'compiled'; readonly table: ZoneTable }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly faults: readonly string[] };

/** O(operations + rules). `masterKey` is PRECEDE_SESSION_KEY. */
export const compileZone = (snapshot: ZoneSnapshot, masterKey: Buffer): CompiledZone => {
  const rules = compileMitigation(snapshot.rules, snapshot.operations);
  if (rules.kind === 'refused')
    return {
      kind: 'refused',
      reason: 'rules',
      faults: rules.faults.map((f) => `rule ${f.ruleId}: ${f.message}`),
    };
  const operations = new Map<ShortId, Operation>();
  for (const each of snapshot.operations.values()) operations.set(each.shortId, each);
  const matcher = compileMatcher(snapshot.operations.values());
  const faults = faultsOf(snapshot, operations.size, matcher.size);
  if (faults.length > 0) return { kind: 'refused', reason: 'operations', faults };
  const table: ZoneTable = {
    zoneId: snapshot.zoneId,
    revision: snapshot.revision,
    matcher,
    rules: rules.table,
    ruleCount: snapshot.rules.length,
    identifiers: snapshot.identifiers,
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
