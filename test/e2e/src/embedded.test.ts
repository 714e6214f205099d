/** The scenarios on the embedded instance: no Docker, no Java, no root. */
import { after, before, test } from 'node:test';
import type { Deployment } from '@precede/testkit';
import { deployEmbedded } from '@precede/testkit';
import { timesRulesOnTheirWay } from './rule-latency.ts';
import { enforcesARule, importsAndScores, logs, survivesKillOf } from './scenarios.ts';

let deployment: Deployment;
before(async () => {
  deployment = await deployEmbedded();
});
after(() => deployment?.close());

for (const log of logs) {
  test(`embedded: every count and score of the ${log.name} equals a plain recount`, async (t) => {
    t.diagnostic(await importsAndScores(deployment, log));
  });
  test(`embedded: kill -9 while the ${log.name} is imported loses and doubles nothing`, async () => {
    for (const [i, part] of deployment.parts.entries())
      await survivesKillOf(deployment, part, log, 100 + 250 * i);
  });
}

test('embedded: a rule is enforced, before and after a kill -9', async () => {
  await enforcesARule(deployment, deployment.parts[0] ?? '');
});

test('embedded: every rule reaches a running enforcer', async (t) => {
  t.diagnostic(await timesRulesOnTheirWay(deployment));
});
