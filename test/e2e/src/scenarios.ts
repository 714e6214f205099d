/** The scenarios, the same for the embedded instance and for Kafka: import, kill, restart, compare with the recount. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMs, type Deployment, eventually, root, run } from '@precede/testkit';
import {
  type Counts,
  matcherOf,
  type OperationLine,
  type Request,
  readApacheLog,
  readCloudTrail,
  recount,
} from './recount.ts';

export interface Log {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  read(): Request[];
}

const apacheHost = 'www.semicomplete.com';
const apacheFile = `${root}data/apache_logs.gz`;
const trailFile = `${root}data/aws_dataset-cloudtrail-2023-07-10.tar.gz`;

export const logs: readonly Log[] = [
  {
    name: 'access log',
    file: apacheFile,
    args: ['--format', 'combined', '--session', 'client+user-agent', '--host', apacheHost],
    read: () => readApacheLog(apacheFile, apacheHost),
  },
  {
    name: 'CloudTrail',
    file: trailFile,
    args: ['--format', 'cloudtrail'],
    read: () => readCloudTrail(trailFile),
  },
];

interface Summary {
  readonly zone_id: string;
  readonly accepted: number;
  readonly already_complete: boolean;
  readonly shift_ms: number;
}

const importLog = async (d: Deployment, log: Log, zone: string, importId: string): Promise<Summary> => {
  const args = [
    'import',
    log.file,
    ...log.args,
    '--zone',
    zone,
    '--import-id',
    importId,
    '--data',
    d.dataDir,
  ];
  return JSON.parse(
    await run([...args, '--learn-operations', '--shift-to-now', '--wait', '--json'], d.env),
  ) as Summary;
};

/** What ClickHouse holds of the zone within the window of the fixed clock, summed over partitions and epochs. */
const storedCounts = async (d: Deployment, zoneId: string): Promise<Map<string, number>> => {
  const fromMs = Math.floor(clockMs / 3_600_000) * 3_600_000 - 24 * 3_600_000;
  const rows = await d.sql(`
    SELECT form, toUnixTimestamp(hour) * 1000 AS hour_ms,
           arrayStringConcat(arrayMap(o -> leftPad(lower(hex(o)), 8, '0'), operations), '>') AS ids, occurrences AS total
    FROM sequence_hours
    WHERE zone_id = '${zoneId}' AND toUnixTimestamp(hour) >= ${fromMs / 1000} AND form != 'pair'`);
  return new Map(rows.map((r) => [`${r['form']} ${r['hour_ms']} ${r['ids']}`, Number(r['total'])]));
};

const expectedCounts = async (d: Deployment, log: Log, summary: Summary): Promise<Counts> => {
  const operations = await operationsOf(d, summary.zone_id);
  return recount(log.read(), matcherOf(operations), summary.shift_ms, clockMs);
};

const operationsOf = async (d: Deployment, zoneId: string): Promise<OperationLine[]> =>
  JSON.parse(
    await run(['operations', 'list', '--zone', zoneId, '--json', '--data', d.dataDir], d.env),
  ) as OperationLine[];

/** Equal to the last unit: nothing lost, nothing doubled, nothing invented. */
const assertCountsEqual = async (d: Deployment, log: Log, summary: Summary): Promise<Counts> => {
  const expected = await expectedCounts(d, log, summary);
  const stored = await storedCounts(d, summary.zone_id);
  const differing = [...new Set([...expected.sequences.keys(), ...stored.keys()])]
    .filter((key) => expected.sequences.get(key) !== stored.get(key))
    .map((key) => `${key}: recount ${expected.sequences.get(key) ?? 0}, stored ${stored.get(key) ?? 0}`);
  assert.ok(expected.sequences.size > 1000, `only ${expected.sequences.size} sequences in the recount`);
  assert.deepEqual(
    differing.slice(0, 20),
    [],
    `${differing.length} of ${expected.sequences.size} counts differ for ${log.name}`,
  );
  return expected;
};

const totalOf = (counts: Counts, form: string, ids: string): number => {
  let total = 0;
  for (const [key, n] of counts.sequences)
    if (key.startsWith(`${form} `) && key.endsWith(` ${ids}`)) total += n;
  return total;
};

interface Listed {
  readonly operations: readonly { short_id: string; method: string; host: string; endpoint: string }[];
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly support: number;
  readonly last_support: number;
}

const listSequences = async (d: Deployment, zoneId: string): Promise<Listed[]> =>
  JSON.parse(
    await run(['sequences', '--zone', zoneId, '--json', '--limit', '200', '--data', d.dataDir], d.env),
  ) as Listed[];

/** Every listed score is the recount's: support, support of the last operation, their ratio, the order of the list. */
const assertScoresEqual = (listed: readonly Listed[], counts: Counts): void => {
  assert.ok(listed.length > 0, 'no sequence is listed');
  for (const s of listed) {
    const ids = s.operations.map((o) => o.short_id);
    const support = totalOf(counts, 'collapsed', ids.join('>'));
    const last = totalOf(counts, 'collapsed', ids.at(-1) ?? '');
    assert.deepEqual([s.support, s.last_support], [support, last], ids.join('>'));
    assert.ok(Math.abs(s.score - support / last) < 1e-9);
    assert.ok(s.low <= s.score && s.score <= s.high && s.low >= 0 && s.high <= 1);
    assert.ok(s.support >= 10);
  }
  const sorted = [...listed].sort((a, b) => b.score - a.score || b.support - a.support);
  assert.deepEqual(
    listed.map((s) => [s.score, s.support]),
    sorted.map((s) => [s.score, s.support]),
  );
};

export const importsAndScores = async (d: Deployment, log: Log): Promise<string> => {
  const zone = `scores-${log.name.replace(' ', '-')}`;
  const summary = await importLog(d, log, zone, 'first');
  const counts = await assertCountsEqual(d, log, summary);
  assertScoresEqual(await listSequences(d, summary.zone_id), counts);

  const again = await importLog(d, log, zone, 'first');
  assert.equal(again.already_complete, true);
  await assertCountsEqual(d, log, summary);
  return `${log.name}: ${summary.accepted} accepted, ${counts.sequences.size} counts equal the recount`;
};

/** Kills a part while an import runs, starts it again, and the counts are as if nothing had happened. */
export const survivesKillOf = async (
  d: Deployment,
  part: string,
  log: Log,
  afterMs: number,
): Promise<void> => {
  const zone = `kill-${part}-${log.name.replace(' ', '-')}`;
  const importing = importLog(d, log, zone, `kill-${part}`);
  importing.catch(() => {});
  await eventually(`zone ${zone}`, () => zoneIsThere(d, zone));
  await sleep(afterMs);
  await d.kill(part);
  await sleep(500);
  await d.start(part);
  const summary = await importing;
  await assertCountsEqual(d, log, summary);
};

/** Something an import needs is away for a while in its midst; then the counts are as if nothing had happened. */
export const survivesOutage = async (
  d: Deployment,
  name: string,
  log: Log,
  outage: { end(): Promise<void>; start(): Promise<void>; awayMs: number },
): Promise<void> => {
  const zone = `outage-${name}`;
  const importing = importLog(d, log, zone, `outage-${name}`);
  importing.catch(() => {});
  await eventually(`zone ${zone}`, () => zoneIsThere(d, zone));
  await outage.end();
  await sleep(outage.awayMs);
  await outage.start();
  const summary = await importing;
  await assertCountsEqual(d, log, summary);
};

const zoneIsThere = async (d: Deployment, name: string): Promise<true | undefined> => {
  const zones = await d.control<readonly { name: string }[]>('GET', '/zones?per_page=100');
  return zones.some((zone) => zone.name === name) ? true : undefined;
};

interface Decision {
  readonly decision: 'allow' | 'deny';
  readonly rule_id: string | null;
}

/** A rule made through the API is enforced, also after a restart of the enforcer, and its decisions reach ClickHouse. */
export const enforcesARule = async (d: Deployment, enforcerPart: string): Promise<void> => {
  const zone = await d.control<{ id: string }>('POST', '/zones', { name: 'enforced' });
  const operations = await d.control<readonly { operation_id: string }[]>(
    'POST',
    `/zones/${zone.id}/api_gateway/operations`,
    [
      { method: 'POST', host: 'shop.example.com', endpoint: '/cart/{id}' },
      { method: 'POST', host: 'shop.example.com', endpoint: '/checkout' },
    ],
  );
  const sequence = operations.map((o) => o.operation_id);
  const body = { title: 'cart before checkout', kind: 'allow', action: 'block', sequence };
  const rule = await d.control<{ id: string }>('POST', `/zones/${zone.id}/api_gateway/seqrules/rules`, body);

  const decide = async (path: string, session: string): Promise<Decision> => {
    const args = [
      'decide',
      `https://shop.example.com${path}`,
      '--method',
      'POST',
      '--session',
      session,
      '--zone',
      zone.id,
    ];
    return JSON.parse(await runDecide([...args, '--json', '--data', d.dataDir], d.env)) as Decision;
  };
  const denied = await eventually('the rule', async () => {
    const decision = await decide('/checkout', 'direct');
    return decision.decision === 'deny' ? decision : undefined;
  });
  assert.equal(denied.rule_id, rule.id);
  assert.equal((await decide('/cart/7', 'shopper')).decision, 'allow');
  assert.equal((await decide('/checkout', 'shopper')).decision, 'allow');

  await d.kill(enforcerPart);
  await d.start(enforcerPart);
  const after = await eventually('the enforcer', async () => await decide('/checkout', 'direct-again'));
  assert.equal(after.decision, 'deny');
  await eventually('decisions in ClickHouse', async () => {
    const rows = await d.sql(
      `SELECT count() AS n FROM decisions FINAL WHERE zone_id = '${zone.id}' AND verdict = 'block'`,
    );
    return Number(rows[0]?.['n']) >= 2 ? true : undefined;
  });
};

/** `decide` ends with 5 where the request is denied: that is an answer. */
const runDecide = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> => {
  try {
    return await run(args, env);
  } catch (error) {
    const text = (error as Error).message;
    if (!/ended with 5:/.test(text)) throw error;
    return text.slice(text.indexOf('{'));
  }
};
