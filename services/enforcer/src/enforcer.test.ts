/** The enforcer as a whole over a real embedded log: configuration in, decisions out, and what it does without the log. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ErrorCode, Phase, UnavailableError } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { block, expressionRule, listOf } from './decider.test-kit.ts';
import {
  closeAll,
  decisionsIn,
  deleteZone,
  type Enforcer,
  following,
  host,
  openLog,
  operationOf,
  otherZone,
  ready,
  ruleOf,
  snapshotOf,
  startTest,
  temporaryDir,
  until,
  writeZone,
  zone,
} from './fixtures.test-kit.ts';
import { isDoneWithin } from './retry.ts';

const operations = [operationOf('cart'), operationOf('pay', 'POST'), operationOf('ship')];
const shop = snapshotOf(operations, [ruleOf(1, 'cart', 'pay')]);
const cart = { zone_id: zone, method: 'GET', host, path: '/cart?x=1' };
const pay = { zone_id: zone, method: 'POST', host, path: '/pay' };
const away = (): Promise<EventLog> =>
  Promise.reject(new UnavailableError(ErrorCode.logUnavailable, 'the log is away'));

const withAll = async (run: (log: EventLog, dir: string) => Promise<void>): Promise<void> => {
  const dir = temporaryDir();
  const log = await openLog(join(dir.path, 'log'));
  try {
    await run(log, join(dir.path, 'snapshots'));
  } finally {
    await closeAll();
    await log.close();
    dir.remove();
  }
};

test('denies the end of an allow rule until its start was let through, and says why', () =>
  withAll(async (log) => {
    await writeZone(log, shop);
    const enforcer = await startTest(log);
    await ready(enforcer);

    const cookies = { sid: 'one' };
    const before = await enforcer.ask({ ...pay, cookies });
    const start = await enforcer.ask({ ...cart, cookies });
    const after = await enforcer.ask({ ...pay, headers: { Cookie: 'a=b; sid=one' } });
    const stranger = await enforcer.ask({ ...pay, cookies: { sid: 'two' } });

    assert.equal(before.status, 200);
    assert.equal(before.body.decision, 'deny');
    assert.equal(before.body.rule_id, ruleOf(1, 'cart', 'pay').ruleId);
    assert.match(
      before.body.reason,
      /^Denied by rule "cart before pay": POST \/pay must be preceded by GET \/cart/,
    );
    assert.match(before.body.decision_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    assert.deepEqual([start.body.decision, start.body.rule_id, start.body.session], ['allow', null, true]);
    assert.equal(after.body.decision, 'allow');
    assert.match(after.body.reason, /lets POST \/pay pass: GET \/cart came before it/);
    assert.equal(stranger.body.decision, 'deny');
    await enforcer.close();
  }));

test('writes every denial and log decision with its evidence, and allows by sample', () =>
  withAll(async (log) => {
    const watched = ruleOf(2, 'cart', 'ship', { kind: 'block', action: 'log' });
    await writeZone(log, { ...shop, rules: [...shop.rules, watched] });
    const sampled = [0.9, 0.001, 0.9, 0.9];
    const random = () => sampled.shift() ?? 0.9;
    const enforcer = await startTest(log, { PRECEDE_ENFORCER_ALLOW_SAMPLE: '0.01' }, { random });
    await ready(enforcer);

    const session = 'visitor';
    const denied = await enforcer.ask({ ...pay, session });
    const sample = await enforcer.ask({ ...cart, session });
    const logged = await enforcer.ask({ ...cart, path: '/ship', session });
    await enforcer.ask({ ...cart, session });
    await enforcer.close();

    assert.deepEqual([logged.body.decision, logged.body.logged], ['allow', [watched.ruleId]]);
    const decisions = await decisionsIn(log);
    const of = (id: string) => decisions.find((each) => each.decisionId === id);
    assert.equal(decisions.length, 3);
    assert.equal(of(denied.body.decision_id)?.verdict, 'block');
    assert.deepEqual(of(denied.body.decision_id)?.lookback, []);
    assert.equal(of(sample.body.decision_id)?.path, '/cart');
    const log1 = of(logged.body.decision_id);
    assert.deepEqual([log1?.verdict, log1?.ruleId], ['log', watched.ruleId]);
    assert.deepEqual(log1?.lookback, [operationOf('cart').shortId]);
    assert.equal(log1?.lookbackMs.length, 1);
    assert.equal(log1?.reason, logged.body.reason);
  }));

test('takes over each complete revision and forgets a deleted zone', () =>
  withAll(async (log, dir) => {
    const enforcer = await startTest(log, { PRECEDE_ENFORCER_SNAPSHOT_DIR: dir });
    await ready(enforcer);
    const unknown = await enforcer.ask(pay);

    await writeZone(log, { ...shop, revision: 1, rules: [] });
    await writeZone(log, { ...shop, revision: 2 });
    const view = await until(async () => {
      const response = await fetch(`${enforcer.address}/v1/zones/${zone}`);
      const body = (await response.json()) as { revision?: number };
      return body.revision === 2 && body;
    });
    const denied = await enforcer.ask({ ...pay, session: 's' });
    await deleteZone(log, zone, 3);
    const gone = await until(async () => {
      const answer = await enforcer.ask(pay);
      return answer.status === 404 && answer;
    });
    await enforcer.close();

    assert.deepEqual([unknown.status, unknown.body.error.code], [404, 'PRECEDE_ZONE_UNKNOWN']);
    assert.deepEqual(view, {
      zone_id: zone,
      revision: 2,
      refused_revision: null,
      operations: 3,
      rules: 1,
      session_identifiers: 1,
      fail_mode: 'error',
      log_only: false,
    });
    assert.equal(denied.body.decision, 'deny');
    assert.ok(gone);
    assert.deepEqual(readdirSync(dir), []);
  }));

test('a snapshot that does not compile is refused and counted, and the last good one stays', () =>
  withAll(async (log, dir) => {
    await writeZone(log, shop);
    const enforcer = await startTest(log, { PRECEDE_ENFORCER_SNAPSHOT_DIR: dir });
    await ready(enforcer);

    await writeZone(log, { ...shop, revision: 2, rules: [...shop.rules, ruleOf(2, 'gone', 'ship')] });
    await until(async () => (await enforcer.metric('snapshots_refused_total', { reason: 'rules' })) === 1);
    const response = await fetch(`${enforcer.address}/v1/zones/${zone}`);
    const view = (await response.json()) as { revision: number; refused_revision: number };
    const denied = await enforcer.ask({ ...pay, session: 's' });

    assert.deepEqual([view.revision, view.refused_revision], [1, 2]);
    assert.equal(await enforcer.metric('zones_refused'), 1);
    assert.equal(denied.body.decision, 'deny');
    await enforcer.close();
  }));

test('starts and decides from disk while the log is away, then follows it when it comes', () =>
  withAll(async (log, dir) => {
    const env = { PRECEDE_ENFORCER_SNAPSHOT_DIR: dir };
    await writeZone(log, shop);
    const first = await startTest(log, env);
    await ready(first);
    await first.close();
    const [file] = readdirSync(dir);
    assert.equal(statSync(join(dir, file ?? '')).mode & 0o777, 0o600);
    await writeZone(log, { ...shop, revision: 2, rules: [] }, shop.rules);

    let isAway = true;
    // Not to be closed by the service that opened it: the test goes on with it.
    const shared = { ...bound(log), close: async () => {} };
    const second = await startTest(() => (isAway ? away() : Promise.resolve(shared)), env);
    assert.ok(second.health.isReady());
    const denied = await second.ask({ ...pay, session: 's' });
    isAway = false;
    await following(second);
    const allowed = await second.ask({ ...pay, session: 's' });
    await second.close();

    assert.equal(denied.body.decision, 'deny');
    assert.equal(allowed.body.decision, 'allow');
  }));

test('without a snapshot anywhere it is alive, not ready, and fails as configured', async () => {
  const modes = {
    PRECEDE_ENFORCER_FAIL_MODE: 'open',
    PRECEDE_ENFORCER_FAIL_MODE_BY_ZONE: `${otherZone}=closed`,
  };
  const enforcer = await startTest(away, modes);

  const open = await enforcer.ask(pay);
  const closed = await enforcer.ask({ ...pay, zone_id: otherZone });
  const readyz = await fetch(`${enforcer.address}/readyz`);
  const livez = await fetch(`${enforcer.address}/livez`);

  assert.deepEqual([open.body.decision, open.body.failed], ['allow', 'not_ready']);
  assert.equal(closed.body.decision, 'deny');
  assert.equal(await enforcer.metric('failed_decisions_total', { mode: 'closed', cause: 'not_ready' }), 1);
  assert.deepEqual([readyz.status, livez.status], [503, 200]);
  await enforcer.close();
});

test('stops without waiting for a log that neither opens nor closes', () =>
  withAll(async (log) => {
    const never = new Promise<never>(() => {});
    const stuck = { ...bound(log), ensureTopics: () => never, close: () => never };
    let opened = 0;
    const enforcer = await startTest(async () => {
      opened += 1;
      return stuck;
    });
    await until(() => opened === 1);

    const isDone = await isDoneWithin(enforcer.close(), 20_000);

    assert.ok(isDone);
  }));

test('goes on deciding when the log goes away later, and drops what its queue cannot hold', () =>
  withAll(async (log) => {
    await writeZone(log, shop);
    const broken = {
      ...bound(log),
      close: async () => {},
      producer: async () => ({ send: away, close: async () => {} }),
    };
    const env = { PRECEDE_ENFORCER_PUBLISH_QUEUE: '10', PRECEDE_ENFORCER_FLUSH_TIMEOUT: '100ms' };
    // `send` of the broken producer rejects for ever, as Kafka does while it is away.
    const enforcer = await startTest(broken as unknown as EventLog, env);
    await ready(enforcer);

    const decisions = [];
    for (let i = 0; i < 50; i++) decisions.push(await enforcer.ask({ ...pay, session: `s${i}` }));
    await enforcer.close();

    assert.ok(decisions.every((each) => each.body.decision === 'deny'));
    assert.ok((await enforcer.metric('decisions_dropped_total', { reason: 'full' })) > 0);
    const dropped = await enforcer.metric('decisions_dropped_total');
    assert.equal(dropped, 50, 'nothing was written, everything is accounted for');
  }));

test('an emptied log does not end enforcement, a log without one zone ends that zone', () =>
  withAll(async (log, dir) => {
    const env = { PRECEDE_ENFORCER_SNAPSHOT_DIR: dir };
    await writeZone(log, shop);
    await writeZone(log, { ...shop, zoneId: otherZone });
    const first = await startTest(log, env);
    await ready(first);
    await first.close();

    const fresh = temporaryDir();
    const emptied = await openLog(fresh.path);
    const second = await startTest(emptied, env);
    await following(second);
    const kept = await second.ask({ ...pay, session: 's' });
    await second.close();
    await writeZone(emptied, { ...shop, zoneId: otherZone });
    const third = await startTest(emptied, env);
    await following(third);
    const gone = await third.ask({ ...pay, session: 's' });
    await third.close();
    await emptied.close();
    fresh.remove();

    assert.equal(kept.body.decision, 'deny');
    assert.equal(gone.status, 404);
  }));

test('where the newest snapshot file is cut off, starts from the one before it', () =>
  withAll(async (log, dir) => {
    const env = { PRECEDE_ENFORCER_SNAPSHOT_DIR: dir };
    const rule = expressionRule(Phase.custom, block, { expression: 'ip.src in $bad' });
    const bad = listOf('bad', 'ip', ['192.0.2.0/24']);
    await writeZone(log, { ...shop, expressionRules: [rule], lists: new Map([['bad', bad]]) });
    const first = await startTest(log, env);
    await following(first);
    await writeZone(log, { ...shop, revision: 2, expressionRules: [rule] });
    await until(async () => (await first.metric('snapshot_files_total', { outcome: 'written' })) === 2);
    await first.close();
    const newest = join(dir, `${zone}.zone.json`);
    writeFileSync(newest, readFileSync(newest, 'utf8').slice(0, -100));

    const second = await startTest(away, env);
    const denied = await second.ask({ ...cart, client_ip: '192.0.2.9' });
    const passed = await second.ask({ ...cart, client_ip: '198.51.100.9' });

    assert.deepEqual([denied.body.rule_id, passed.body.decision], [rule.ruleId, 'allow']);
    assert.equal(await second.metric('snapshot_files_total', { outcome: 'damaged' }), 1);
    await second.close();
  }));

test('passes over a damaged snapshot file', () =>
  withAll(async (log, dir) => {
    const env = { PRECEDE_ENFORCER_SNAPSHOT_DIR: dir };
    await writeZone(log, shop);
    const first = await startTest(log, env);
    await ready(first);
    await first.close();
    const name = readdirSync(dir)[0] ?? '';
    writeFileSync(join(dir, name), '{"format":1,"sha256":"00","zone":"{}"}');

    const second = await startTest(away, env);

    assert.equal(second.health.isReady(), false);
    assert.equal(await second.metric('snapshot_files_total', { outcome: 'damaged' }), 1);
    await second.close();
  }));

test('decides each request on one snapshot while revisions are swapped under load', () =>
  withAll(async (log) => {
    // Odd revisions: pay needs cart. Even ones: pay needs ship. A mixture would name a rule that does not fit its reason.
    const needs = (start: string) => [ruleOf(1, start, 'pay')];
    await writeZone(log, shop);
    const enforcer = await startTest(log);
    await ready(enforcer);

    let isSwapping = true;
    const swapping = (async () => {
      for (let revision = 2; revision < 40; revision++)
        await writeZone(log, { ...shop, revision, rules: needs(revision % 2 === 0 ? 'ship' : 'cart') });
      isSwapping = false;
    })();
    const answers = await load(enforcer, () => isSwapping);
    await swapping;
    await enforcer.close();

    assert.ok(answers.length > 0);
    for (const { status, body } of answers) {
      assert.equal(status, 200);
      assert.equal(body.decision, 'deny');
      const [, start] =
        /^Denied by rule "(\w+) before pay": POST \/pay must be preceded by GET \/\1 among/.exec(
          body.reason,
        ) ?? [];
      assert.ok(start === 'cart' || start === 'ship', body.reason);
    }
  }));

const load = async (enforcer: Enforcer, isOn: () => boolean) => {
  const answers: Awaited<ReturnType<Enforcer['ask']>>[] = [];
  for (let i = 0; isOn(); i++) answers.push(await enforcer.ask({ ...pay, session: `s${i}` }));
  return answers;
};

/** The log with its methods bound, so that single ones can be replaced. */
const bound = (log: EventLog): EventLog => ({
  codec: log.codec,
  ensureTopics: (specs) => log.ensureTopics(specs),
  partitionCount: (topic) => log.partitionCount(topic),
  producer: (options) => log.producer(options),
  process: (options) => log.process(options),
  tail: (options) => log.tail(options),
  endOffsets: (topic) => log.endOffsets(topic),
  committedOffsets: (group, topic) => log.committedOffsets(group, topic),
  ping: (timeoutMs) => log.ping(timeoutMs),
  close: () => log.close(),
});
