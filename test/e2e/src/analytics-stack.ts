/**
 * The instance that docs/analytics.md is about: the two bundled logs under a fixed clock, a rule with a few decisions, and
 * three snapshots of scores an hour apart. Everything an answer shows is the same in every run.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockMs, type Deployment, deployEmbedded, eventually, root, run } from '@precede/testkit';

export interface Answer {
  readonly text: string;
  readonly readRows: number;
  readonly ms: number;
}

export interface AnalyticsStack {
  /** Asks as `analyst`, over HTTP, as the document says. */
  ask(sql: string): Promise<Answer>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;

interface Zone {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}
// Of fixed ids, as the pseudonyms of sessions depend on them.
const web: Zone = {
  id: 'a'.repeat(32),
  name: 'web',
  file: `${root}data/apache_logs.gz`,
  args: ['--format', 'combined', '--session', 'client+user-agent', '--host', 'www.semicomplete.com'],
};
const aws: Zone = {
  id: 'b'.repeat(32),
  name: 'aws',
  file: `${root}data/aws_dataset-cloudtrail-2023-07-10.tar.gz`,
  args: ['--format', 'cloudtrail'],
};

export const startAnalyticsStack = async (): Promise<AnalyticsStack> => {
  const settings: Record<string, string> = { PRECEDE_SCORER_STORE_REQUESTS: 'true' };
  const d = await deployEmbedded(undefined, settings);
  try {
    for (const zone of [web, aws]) await importZone(d, zone);
    await makeDecisions(d);
    for (const hours of [1, 2]) await turnClock(d, settings, clockMs + hours * hourMs);
    const { clickhouse } = await addressesOf(d);
    const password = readFileSync(join(d.dataDir, 'clickhouse', 'analyst.password'), 'utf8').trim();
    return { ask: (sql) => ask(clickhouse, password, sql), close: () => d.close() };
  } catch (error) {
    await d.close();
    throw error;
  }
};

const addressesOf = async (d: Deployment): Promise<{ clickhouse: string; enforcer: string }> =>
  (await d.control<{ addresses: { clickhouse: string; enforcer: string } }>('GET', '/instance')).addresses;

const importZone = async (d: Deployment, { id, name, file, args }: Zone): Promise<void> => {
  await d.control('POST', '/zones', { id, name });
  const all = ['import', file, '--zone', name, ...args, '--import-id', 'bundled', '--learn-operations'];
  const output = await run([...all, '--shift-to-now', '--wait', '--json', '--data', d.dataDir], d.env);
  const { matched, without_session } = JSON.parse(output) as { matched: number; without_session: number };
  const expected = matched - without_session;
  for (const count of ['sum(length) AS n FROM sessions', 'count() AS n FROM requests'])
    await eventually(`${expected} requests (${count})`, async () => {
      const rows = await d.sql(`SELECT ${count} FINAL WHERE zone_id = '${id}'`);
      return Number(rows[0]?.['n']) === expected ? true : undefined;
    });
};

/** One rule, and four requests of one session each: three go without what the rule asks for. */
const makeDecisions = async (d: Deployment): Promise<void> => {
  const [start, end] = ['POST kms.amazonaws.com/Decrypt', 'POST kms.amazonaws.com/Encrypt'];
  const args = ['rules', 'add', start, end, '--title', 'decrypt before encrypt', '--zone', aws.name];
  await run([...args, '--json', '--data', d.dataDir], d.env);
  await eventually('the rule', async () =>
    (await decide(d, 'probe', '/Encrypt')) === 'deny' ? true : undefined,
  );
  for (const [session, path] of [
    ['direct', '/Encrypt'],
    ['again', '/Encrypt'],
    ['orderly', '/Decrypt'],
    ['orderly', '/Encrypt'],
  ] as const)
    await decide(d, session, path);
  await eventually('three blocks', async () => {
    const rows = await d.sql("SELECT count() AS n FROM decisions FINAL WHERE verdict = 'block'");
    return Number(rows[0]?.['n']) === 3 ? true : undefined;
  });
};

const decide = async (d: Deployment, session: string, path: string): Promise<string> => {
  const response = await fetch(`${(await addressesOf(d)).enforcer}/v1/decide`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ zone_id: aws.id, method: 'POST', host: 'kms.amazonaws.com', path, session }),
  });
  return ((await response.json()) as { decision: string }).decision;
};

/** Starts the instance again at a later time and waits until both zones are scored at it. */
const turnClock = async (d: Deployment, settings: Record<string, string>, nowMs: number): Promise<void> => {
  settings['PRECEDE_CLOCK'] = new Date(nowMs).toISOString();
  await d.kill(d.parts[0] ?? '');
  await d.start(d.parts[0] ?? '');
  await eventually('scores of the later time', async () => {
    const rows = await d.sql(
      `SELECT countIf(toUnixTimestamp64Milli(computed_at) = ${nowMs}) AS n FROM newest_snapshots`,
    );
    return Number(rows[0]?.['n']) === 2 ? true : undefined;
  });
};

const ask = async (url: string, password: string, sql: string): Promise<Answer> => {
  const query = new URLSearchParams({
    ...{ database: 'precede', param_web: web.id, param_aws: aws.id },
    ...{ default_format: 'PrettySpaceNoEscapesMonoBlock', output_format_pretty_row_numbers: '0' },
    wait_end_of_query: '1',
  });
  const headers = { 'x-clickhouse-user': 'analyst', 'x-clickhouse-key': password };
  const response = await fetch(`${url}/?${query}`, { method: 'POST', headers, body: sql });
  const text = await response.text();
  if (!response.ok) throw new Error(`${text}\n${sql}`);
  const summary = JSON.parse(response.headers.get('x-clickhouse-summary') ?? '{}') as Record<string, string>;
  return {
    text: text.replace(/[ \t]+$/gm, '').replace(/^\n+|\n+$/g, ''),
    readRows: Number(summary['read_rows'] ?? 0),
    ms: Number(summary['elapsed_ns'] ?? 0) / 1e6,
  };
};
