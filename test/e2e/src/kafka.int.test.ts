/** The scenarios on Kafka with a schema registry, every service a process of its own, each killed in turn. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acquireKafka, type Deployment, deployOnKafka, type NoKafka, type TestKafka } from '@precede/testkit';
import { timesRulesOnTheirWay } from './rule-latency.ts';
import { enforcesARule, importsAndScores, logs, survivesKillOf, survivesOutage } from './scenarios.ts';

let kafka: TestKafka | NoKafka | undefined;
let deployment: Deployment | undefined;
before(async () => {
  kafka = await acquireKafka();
  if (!('skip' in kafka)) deployment = await deployOnKafka(kafka);
});
after(async () => {
  await deployment?.close();
  if (kafka !== undefined && !('skip' in kafka)) await kafka.release();
});

const needKafka = (skip: (reason: string) => void): Deployment | undefined => {
  if (deployment === undefined) {
    assert.ok(process.env['CI'] !== 'true', 'Kafka could not be had, and CI skips nothing');
    skip('needs Kafka: run npm run test:kafka');
  }
  return deployment;
};

for (const log of logs)
  test(`Kafka: every count and score of the ${log.name} equals a plain recount`, async (t) => {
    const d = needKafka((reason) => t.skip(reason));
    if (d !== undefined) t.diagnostic(await importsAndScores(d, log));
  });

for (const [i, part] of ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control', 'clickhouse'].entries())
  for (const log of logs)
    test(`Kafka: kill -9 of ${part} while the ${log.name} is imported loses and doubles nothing`, async (t) => {
      const d = needKafka((reason) => t.skip(reason));
      if (d !== undefined) await survivesKillOf(d, part, log, 100 + 60 * i);
    });

/** Seconds; a minute and more by setting, short by default so that the whole suite stays short. */
const awayMs = Number(process.env['PRECEDE_TEST_OUTAGE_SECONDS'] ?? '10') * 1000;

test('Kafka: ClickHouse away for a while as input goes on loses and doubles nothing', async (t) => {
  const d = needKafka((reason) => t.skip(reason));
  const [log] = logs;
  if (d === undefined || log === undefined) return;
  const outage = { end: () => d.kill('clickhouse'), start: () => d.start('clickhouse'), awayMs };
  await survivesOutage(d, 'clickhouse', log, outage);
});

test('Kafka: the broker away for a while as input goes on loses and doubles nothing', async (t) => {
  const d = needKafka((reason) => t.skip(reason));
  const [log] = logs;
  if (d === undefined || log === undefined) return;
  const broker = kafka !== undefined && !('skip' in kafka) ? kafka.broker : undefined;
  assert.ok(broker !== undefined, 'the broker given cannot be stopped: run npm run test:kafka');
  await survivesOutage(d, 'broker', log, {
    end: () => broker.end('kill'),
    start: () => broker.start(),
    awayMs,
  });
});

test('Kafka: a rule is enforced, before and after a kill -9 of the enforcer', async (t) => {
  const d = needKafka((reason) => t.skip(reason));
  if (d !== undefined) await enforcesARule(d, 'enforcer');
});

test('Kafka: every rule reaches a running enforcer', async (t) => {
  const d = needKafka((reason) => t.skip(reason));
  if (d !== undefined) t.diagnostic(await timesRulesOnTheirWay(d));
});
