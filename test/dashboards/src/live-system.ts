/** The instance that every query of every dashboard is asked of: an embedded one with valkey, under traffic and one kill. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  acquireValkey,
  deployEmbedded,
  type EmbeddedDeployment,
  eventually,
  type NoPrometheus,
  run,
  type TestPrometheus,
} from '@precede/testkit';
import type { Account, Range } from './clickhouse.ts';
import { scrape } from './live-prometheus.ts';
import { askDecisions, askWithoutStore, manage, sendEvents } from './live-traffic.ts';
import { cliEnv, importLog, makeRules, zoneName } from './live-zone.ts';

export interface LiveSystem {
  readonly prometheus: TestPrometheus;
  readonly zoneId: string;
  /** From before the first request to after the last. */
  readonly range: Range;
  /** What the analytics dashboard shows unless told otherwise. */
  readonly day: Range;
  readonly operator: Account;
  /** May read the one zone and nothing else. */
  readonly analyst: Account;
  close(): Promise<void>;
}

type Closing = () => Promise<void>;

export const startLiveSystem = async (): Promise<LiveSystem | NoPrometheus> => {
  const closing: Closing[] = [];
  const close = async (): Promise<void> => {
    for (let last = closing.pop(); last !== undefined; last = closing.pop()) await last();
  };
  try {
    const started = await begin(closing);
    if ('skip' in started) await close();
    return 'skip' in started ? started : { ...started, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const begin = async (closing: Closing[]): Promise<Omit<LiveSystem, 'close'> | NoPrometheus> => {
  const valkey = await acquireValkey();
  if ('skip' in valkey) return valkey;
  closing.push(valkey.release);
  const fromMs = Date.now();
  const d = await deployEmbedded(undefined, {
    PRECEDE_CLOCK: '',
    PRECEDE_ENFORCER_SESSION_STORE: 'valkey',
    PRECEDE_ENFORCER_RATE_STORE: 'valkey',
    PRECEDE_ENFORCER_VALKEY_URL: valkey.url,
  });
  closing.push(() => d.close());
  const prometheus = await scrape(d);
  if ('skip' in prometheus) return prometheus;
  closing.push(prometheus.release);
  const zoneId = await importLog(d);
  const password = await addAnalyst(d);
  await settled(prometheus);
  await d.kill('instance');
  await d.start('instance');
  await makeRules(d, zoneId);
  for (let round = 0; round < 3; round += 1) {
    await sendEvents(d, zoneId);
    await askDecisions(d, zoneId);
    await manage(d, zoneId);
    await settled(prometheus);
  }
  await askWithoutStore(d, zoneId, valkey);
  await stored(d, zoneId);
  await settled(prometheus);
  const toMs = Date.now();
  const url = d.addresses.clickhouse;
  const operator = readFileSync(join(d.dataDir, 'clickhouse', 'analyst.password'), 'utf8').trim();
  return {
    prometheus,
    zoneId,
    range: { fromMs, toMs },
    day: { fromMs: toMs - 86_400_000, toMs },
    operator: { url, user: 'analyst', password: operator, database: 'precede' },
    analyst: { url, user: 'alice', password, database: `precede_zone_${zoneId}` },
  };
};

const addAnalyst = async (d: EmbeddedDeployment): Promise<string> => {
  const told = await run(['analysts', 'add', 'alice', '--zone', zoneName, '--data', d.dataDir], cliEnv(d));
  const file = /password in (.+)$/m.exec(told)?.[1] ?? '';
  return readFileSync(file, 'utf8').trim();
};

/** Three more scrapes of every target: rates need two, and a counter that is new needs one to begin at. */
const settled = async (prometheus: TestPrometheus): Promise<void> => {
  const scrapes = async (): Promise<number> =>
    (await prometheus.query('min(count_over_time(up{job="precede"}[10m]))'))[0]?.values[0]?.[1] ?? 0;
  const before = await scrapes();
  await eventually('three scrapes', async () => ((await scrapes()) >= before + 3 ? true : undefined));
};

/** All that the analytics dashboard reads has come to rest in ClickHouse. */
const stored = async (d: EmbeddedDeployment, zoneId: string): Promise<void> => {
  const has = async (what: string, sql: string): Promise<void> => {
    await eventually(what, async () => (Number((await d.sql(sql))[0]?.['n']) > 0 ? true : undefined));
  };
  const zone = `zone_id = '${zoneId}'`;
  await has('a denial', `SELECT count() AS n FROM decisions WHERE ${zone} AND verdict = 'block'`);
  await has(
    'a change of a rule',
    `SELECT count() AS n FROM audit WHERE ${zone} AND resource = 'sequence_rule'`,
  );
  await has(
    'sessions with likelihood',
    `SELECT countIf(model_at > '1971-01-01 00:00:00') AS n FROM sessions WHERE ${zone}`,
  );
};
