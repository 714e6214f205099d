/**
 * Likelihood of closed sessions under the model of their zone. The ranker of a zone builds the model and stores it; whoever
 * stores a session looks the model up and writes the likelihood with it. What was stored before there was a model, or under
 * one of much less traffic, is written again by the ranker.
 */
import { randomInt } from 'node:crypto';
import { type Model, type ModelRow, modelFromRows, modelRows, sessionLikelihood } from '@precede/sequence';
import { iso, type Storage } from './storage.ts';

export interface StoredModel {
  readonly model: Model;
  readonly computedAtMs: number;
}

/** Columns of `sessions` that come with the record. */
export const sessionColumns =
  'zone_id session_id source first last length operations times cut ended topic partition offset'.split(' ');

/** Columns of `sessions` that `likelihoodOf` gives, in its order. */
export const likelihoodColumns = [
  'model_at',
  'steps',
  'mean_log_loss',
  'anomaly',
  'rarest_from',
  'rarest_to',
  'rarest_probability',
  'rarest_at',
];

/** Operations oldest first, repeats kept; `cut` of the oldest are missing. Without a model: what says that there was none. */
export const likelihoodOf = (
  stored: StoredModel | undefined,
  operations: readonly number[],
  cut: number,
): unknown[] => {
  if (stored === undefined) return [iso(0), 0, 0, 0, null, 0, 1, 0];
  const { steps, meanLogLoss, anomaly, rarest } = sessionLikelihood(stored.model, operations, cut === 0);
  return [
    iso(stored.computedAtMs),
    steps,
    meanLogLoss,
    anomaly,
    rarest?.from ?? null,
    rarest?.to ?? 0,
    rarest?.probability ?? 1,
    rarest === null ? 0 : rarest.at + 1,
  ];
};

/**
 * In one insert, so that no reader sees a part. Rows of a try that failed may be stored all the same, so each try has a
 * generation of its own, and the newest is whole.
 */
export const storeModel = async (
  storage: Storage,
  zoneId: string,
  { model, computedAtMs }: StoredModel,
): Promise<void> => {
  const columns = ['zone_id', 'generation', 'computed_at', 'context', 'next', 'occurrences'];
  let generation = computedAtMs * 1000;
  await storage.run(() => {
    generation += 1 + randomInt(100);
    const rows = modelRows(model).map(({ context, next, occurrences }) => [
      zoneId,
      generation,
      iso(computedAtMs),
      context,
      next,
      occurrences,
    ]);
    return storage.clickhouse.insert('session_models', columns, rows);
  });
};

/** The newest one; undefined where the zone has none yet. */
export const readModel = async (storage: Storage, zoneId: string): Promise<StoredModel | undefined> => {
  const rows = await storage.clickhouse.query<ModelRow & { readonly computed_ms: number }>(
    `SELECT context, next, occurrences, toUnixTimestamp64Milli(computed_at) AS computed_ms FROM session_models
     WHERE zone_id = {zone:String}
       AND generation = (SELECT max(generation) FROM session_models WHERE zone_id = {zone:String})`,
    { zone: zoneId },
  );
  const [first] = rows;
  return first === undefined ? undefined : { model: modelFromRows(rows), computedAtMs: first.computed_ms };
};

const refreshMs = 60_000;
/** Long enough for the rows of one insert to share the answer. */
const retryMs = 200;
const maxModels = 1_000;

/** Models by zone, read again after a minute, and at once where there was none; the oldest goes when there are too many. */
export class Models {
  readonly #storage: Storage;
  readonly #known = new Map<string, { readonly stored: StoredModel | undefined; readonly readAt: number }>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async of(zoneId: string): Promise<StoredModel | undefined> {
    const known = this.#known.get(zoneId);
    const now = performance.now();
    if (known !== undefined && now - known.readAt < (known.stored === undefined ? retryMs : refreshMs))
      return known.stored;
    const stored = await this.#storage.run(() => readModel(this.#storage, zoneId));
    this.#known.delete(zoneId);
    this.#known.set(zoneId, { stored, readAt: now });
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxModels && oldest !== undefined) this.#known.delete(oldest);
    return stored;
  }
}

export interface Rescoring {
  readonly zoneId: string;
  readonly stored: StoredModel;
  /** Sessions that ended before are left as they are. */
  readonly fromMs: number;
  /** Sessions with a likelihood under a model from then on keep it. */
  readonly goodSinceMs: number;
}

const rescoreAtOnce = 5_000;

/** Writes the likelihood of what has none, or one of an old model; the rows replace those before them. Returns how many. */
export const rescore = async (
  storage: Storage,
  { zoneId, stored, fromMs, goodSinceMs }: Rescoring,
): Promise<number> => {
  const sql = `SELECT ${sessionColumns.join(', ')} FROM sessions FINAL
    WHERE zone_id = {zone:String} AND last >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
      AND model_at < fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    ORDER BY last DESC, topic, partition, offset LIMIT {limit:UInt32}`;
  const params = { zone: zoneId, from: fromMs, since: goodSinceMs, limit: rescoreAtOnce };
  type Row = Record<string, unknown> & { readonly operations: number[]; readonly cut: number };
  const rows = await storage.run(() => storage.clickhouse.query<Row>(sql, params));
  await storage.insert(
    'sessions',
    [...sessionColumns, ...likelihoodColumns],
    rows.map((row) => [
      ...sessionColumns.map((name) => row[name]),
      ...likelihoodOf(stored, row.operations, row.cut),
    ]),
  );
  return rows.length;
};
