/** The scenarios on Kafka with a schema registry, every service a process of its own, each killed in turn. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acquireKafka, type Deployment, deployOnKafka, type NoKafka, type TestKafka } from '@precede/testkit';
import { enforcesARule, importsAndScores, logs, survivesKillOf } from './scenarios.ts';

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

test('Kafka: a rule is enforced, before and after a kill -9 of the enforcer', async (t) => {
  const d = needKafka((reason) => t.skip(reason));
  if (d !== undefined) await enforcesARule(d, 'enforcer');
});
