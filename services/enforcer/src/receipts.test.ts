/** What is written down of a decision: evidence, every rule that matched, trace and remedy; and what is fed to analytics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DecisionMade, mitigationSource, Phase, requestFromAvro, Topic } from '@precede/contracts';
import { block, expressionRule, startDecider } from './decider.test-kit.ts';
import { operationOf, ruleOf, zone, zoneSettings } from './fixtures.test-kit.ts';
import { Overload } from './overload.ts';
import { withPublishers } from './publisher.test-kit.ts';

const session = (value: string) => ({ session: { type: 'explicit' as const, name: '', value } });
const pay = { method: 'POST', path: '/pay?card=4111', ...session('one') };

test('the receipt of a sequence rule has the operations seen, their times and what to do', async () => {
  const { recorder, decisions } = withPublishers();
  const rule = ruleOf(1, 'ship', 'pay');
  const { ask, clock } = startDecider({ rules: [rule], deps: { recorder } });
  await ask({ ...session('one') });
  await ask({ ...session('one') });
  clock.nowMs += 5_000;

  const decision = await ask(pay);

  const [receipt] = (await decisions()) as [DecisionMade];
  const cart = operationOf('cart').shortId;
  assert.equal(receipt.decisionId, decision.decisionId);
  assert.deepEqual(
    [receipt.verdict, receipt.action, receipt.ruleSource, receipt.status],
    ['block', 'block', mitigationSource, 403],
  );
  assert.deepEqual([receipt.lookback, receipt.raw], [[cart], [cart, cart]]);
  assert.deepEqual(receipt.rawMs, [clock.nowMs - 5_000, clock.nowMs - 5_000]);
  assert.deepEqual(receipt.rules, [`${mitigationSource}/${rule.ruleId}/block`]);
  assert.match(receipt.remedy, /^Call GET \/ship first in the same session, at most 10 minutes/);
  assert.deepEqual([receipt.trace, receipt.path, receipt.revision], ['', '/pay', 1]);
});

test('the receipt of an expression shows how each part came to its value', async () => {
  const { recorder, decisions } = withPublishers();
  const rule = expressionRule(Phase.custom, block, {
    expression: 'http.request.method eq "POST" and not ip.src in {192.0.2.0/24}',
    description: 'no posts from outside',
  });
  const { ask } = startDecider({ expressionRules: [rule], deps: { recorder } });

  const decision = await ask({ ...pay, clientIp: '198.51.100.7' });

  const [receipt] = (await decisions()) as [DecisionMade];
  assert.match(receipt.trace, /^true {3}http\.request\.method eq "POST" and not/);
  assert.match(receipt.trace, /ip\.src = 198\.51\.100\.7/);
  assert.equal(receipt.reason, decision.reason);
  assert.match(
    receipt.reason,
    /^Denied by custom rule "no posts from outside": its expression matches the request\.$/,
  );
  assert.match(receipt.remedy, /the trace says which part decided/);
});

test('a log-only rule is written with what it would have done', async () => {
  const { recorder, decisions } = withPublishers();
  const rule = expressionRule(Phase.custom, block, { isLogOnly: true });
  const { ask } = startDecider({ expressionRules: [rule], deps: { recorder } });

  await ask();

  const [receipt] = (await decisions()) as [DecisionMade];
  assert.deepEqual([receipt.verdict, receipt.action, receipt.status], ['log', 'block', 0]);
  assert.deepEqual(receipt.rules, [`${Phase.custom}/${rule.ruleId}/block (logged)`]);
});

test('a zone whose origin is the enforcer is fed with what was let through, once each', async () => {
  const { feed, records } = withPublishers();
  const settings = { ...zoneSettings, requestsOrigin: 'enforcer' as const };
  const { ask } = startDecider({ rules: [ruleOf(1, 'cart', 'pay')], snapshot: { settings }, deps: { feed } });

  await ask(pay);
  const first = await ask(session('one'));
  await ask(pay);
  await ask({ path: '/nothing/here' });
  await ask();

  const fed = await records();
  const requests = fed.filter(({ topic }) => topic === Topic.requests);
  assert.deepEqual(
    requests.map(({ value }) => {
      const event = requestFromAvro(value);
      return event.kind === 'request' && [event.zoneId, event.operation, event.eventId === first.decisionId];
    }),
    [
      [zone, operationOf('cart').shortId, true],
      [zone, operationOf('pay').shortId, false],
    ],
  );
  assert.equal(fed.filter(({ topic }) => topic === Topic.unmatched).length, 1);
});

test('other zones are not fed', async () => {
  const { feed, records } = withPublishers();
  const { ask } = startDecider({ deps: { feed } });

  await ask(session('one'));

  assert.deepEqual(await records(), []);
});

test('beyond the bound the fail mode of the zone answers at once and is counted', async () => {
  const overload = new Overload({ maxWaiting: 0, deadlineMs: 60_000 });
  const ofZone = startDecider({
    snapshot: { settings: { ...zoneSettings, failMode: 'closed' } },
    deps: { overload },
  });
  const open = startDecider({ env: { PRECEDE_ENFORCER_FAIL_MODE: 'open' }, deps: { overload } });

  const closed = await ofZone.ask();
  const passed = await open.ask();

  assert.deepEqual([closed.decision, closed.failed, closed.response?.status], ['deny', 'overloaded', 503]);
  assert.deepEqual([passed.decision, passed.failed], ['allow', 'overloaded']);
  assert.equal(await ofZone.metric('failed_decisions_total', { cause: 'overloaded', mode: 'closed' }), 1);
  overload.close();
});
