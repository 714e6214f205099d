/** How a sequence looks in an answer: its id, its operations by name, the numbers of its score. */
import type { ClickHouse } from '@precede/clickhouse';
import { formatShortId, parseShortId, type ShortId, type ZoneSnapshot } from '@precede/contracts';

export type ScoreKind = 'precedence' | 'correlation' | 'lookback';

interface Named {
  readonly operation_id: string;
  readonly method: string;
  readonly host: string;
  readonly endpoint: string;
}
export type Names = ReadonlyMap<ShortId, Named>;

/** Of the configuration; what was deleted since is asked of ClickHouse, which keeps it for its name. */
export const namesOf = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  wanted: readonly ShortId[],
): Promise<Names> => {
  const names = new Map<ShortId, Named>();
  for (const o of zone.operations.values())
    names.set(o.shortId, {
      operation_id: o.operationId,
      method: o.method,
      host: o.host,
      endpoint: o.endpoint,
    });
  const missing = [...new Set(wanted)].filter((id) => !names.has(id));
  if (missing.length === 0) return names;
  const found = await clickhouse.query<Named & { short_id: ShortId }>(
    'SELECT short_id, toString(operation_id) AS operation_id, method, host, endpoint FROM operations FINAL WHERE zone_id = {zone:String} AND short_id IN {ids:Array(UInt32)}',
    { zone: zone.zoneId, ids: missing },
  );
  for (const { short_id, ...named } of found) names.set(short_id, named);
  return names;
};

const nameless = { operation_id: null, method: null, host: null, endpoint: null } as const;

export const operationOf = (names: Names, id: ShortId) => ({
  ...(names.get(id) ?? nameless),
  short_id: formatShortId(id),
});

export interface Sequence {
  readonly kind: ScoreKind;
  /** Oldest first. */
  readonly operations: readonly ShortId[];
}

const maxOperations = 9;

export const formatSequenceId = ({ kind, operations }: Sequence): string =>
  [kind, ...operations.map(formatShortId)].join('.');

/** `kind.shortid.shortid…` with 2 to 9 short ids, a lookback pair with 2; undefined where the text is no such id. */
export const parseSequenceId = (text: string): Sequence | undefined => {
  const [kind, ...ids] = text.toLowerCase().split('.', maxOperations + 2);
  const operations = ids.map(parseShortId).filter((id) => id !== undefined);
  if (kind !== 'precedence' && kind !== 'correlation' && kind !== 'lookback') return undefined;
  if (operations.length !== ids.length || operations.length < 2) return undefined;
  if (operations.length > (kind === 'lookback' ? 2 : maxOperations)) return undefined;
  return { kind, operations };
};

export interface ScoreNumbers {
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly support: number;
  readonly last_support: number;
  readonly sessions: number;
  readonly undercount: number;
}

export const scoreColumns = 'score, low, high, support, last_support, sessions, undercount';
