/** The release as its users see it: management API, SQL, and what a recount of live traffic must find in ClickHouse. */
import { type Counts, matcherOf, type OperationLine, recount } from '@precede/e2e';
import { eventually, type LiveRequest, shopOperations } from '@precede/testkit';
import { addressOf } from './cluster.ts';

export interface Instance {
  readonly zoneId: string;
  readonly operations: readonly OperationLine[];
  sql(query: string): Promise<Record<string, string>[]>;
  control<T>(method: string, path: string, body?: unknown): Promise<T>;
}

export interface Secrets {
  readonly adminToken: string;
  readonly clickhousePassword: string;
}

const callControl = async <T>(secrets: Secrets, method: string, path: string, body?: unknown): Promise<T> => {
  const response = await fetch(`${await addressOf('precede-control')}/client/v4${path}`, {
    method,
    headers: { authorization: `Bearer ${secrets.adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const envelope = (await response.json()) as { success: boolean; result: T; errors: unknown };
  if (!envelope.success) throw new Error(`${method} ${path}: ${JSON.stringify(envelope.errors)}`);
  return envelope.result;
};

const querySql = async (password: string, query: string): Promise<Record<string, string>[]> => {
  const url = await addressOf('clickhouse', 'backends');
  const response = await fetch(
    `${url}/?database=precede&default_format=JSONEachRow&output_format_json_quote_64bit_integers=1`,
    {
      method: 'POST',
      headers: { 'x-clickhouse-user': 'precede', 'x-clickhouse-key': password },
      body: query,
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`SQL failed: ${text}\n${query}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>);
};

/** A zone with the shop's operations and one rule: no checkout without a cart. */
export const prepareShop = async (secrets: Secrets): Promise<Instance> => {
  const control = <T>(method: string, path: string, body?: unknown): Promise<T> =>
    callControl<T>(secrets, method, path, body);
  const { id: zoneId } = await control<{ id: string }>('POST', '/zones', { name: 'cluster-run' });
  const operations = await control<(OperationLine & { operation_id: string })[]>(
    'POST',
    `/zones/${zoneId}/api_gateway/operations`,
    shopOperations,
  );
  const sequence = ['/cart/', '/checkout'].map(
    (path) => operations.find(({ endpoint }) => endpoint.startsWith(path))?.operation_id,
  );
  const rule = { title: 'cart before checkout', kind: 'allow', action: 'block', sequence };
  await control('POST', `/zones/${zoneId}/api_gateway/seqrules/rules`, rule);
  return { zoneId, operations, control, sql: (query) => querySql(secrets.clickhousePassword, query) };
};

/** Occurrences of every sequence by form, hour and operations, summed over partitions and epochs. */
const storedCounts = async ({ sql, zoneId }: Instance): Promise<Map<string, number>> => {
  const rows = await sql(`
    SELECT form, toUnixTimestamp(hour) * 1000 AS hour_ms,
           arrayStringConcat(arrayMap(o -> leftPad(lower(hex(o)), 8, '0'), operations), '>') AS ids, occurrences AS total
    FROM sequence_hours WHERE zone_id = '${zoneId}' AND form != 'pair'`);
  return new Map(rows.map((r) => [`${r['form']} ${r['hour_ms']} ${r['ids']}`, Number(r['total'])]));
};

const totalOf = (counts: Iterable<number>): number => {
  let total = 0;
  for (const count of counts) total += count;
  return total;
};

export interface Compared {
  readonly expected: Counts;
  readonly differing: readonly string[];
}

/** Waits until ClickHouse holds as many occurrences as the recount, or a minute has brought no more; then compares all. */
export const compareWithRecount = async (
  instance: Instance,
  sent: readonly LiveRequest[],
): Promise<Compared> => {
  const expected = recount([...sent], matcherOf(instance.operations), 0, Date.now());
  const wanted = totalOf(expected.sequences.values());
  let stored = await storedCounts(instance);
  let last = { total: totalOf(stored.values()), atMs: Date.now() };
  await eventually(
    'the counts of all that was sent',
    async () => {
      stored = await storedCounts(instance);
      const total = totalOf(stored.values());
      if (total !== last.total) last = { total, atMs: Date.now() };
      return total === wanted || Date.now() - last.atMs > 60_000 ? true : undefined;
    },
    300_000,
  );
  const differing = [...new Set([...expected.sequences.keys(), ...stored.keys()])]
    .filter((key) => expected.sequences.get(key) !== stored.get(key))
    .map((key) => `${key}: recount ${expected.sequences.get(key) ?? 0}, stored ${stored.get(key) ?? 0}`);
  return { expected, differing };
};

/** Denials that clients were told and that are stored; the last may be on their way for some seconds. */
export const storedDenials = async ({ sql, zoneId }: Instance, wanted: number): Promise<number> => {
  let found = 0;
  await eventually(
    'the decisions',
    async () => {
      const [row] = await sql(
        `SELECT count() AS n FROM decisions FINAL WHERE zone_id = '${zoneId}' AND verdict = 'block'`,
      );
      found = Number(row?.['n']);
      return found >= wanted ? true : undefined;
    },
    30_000,
  ).catch(() => {});
  return found;
};
