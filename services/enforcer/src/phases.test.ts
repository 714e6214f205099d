/** What rules by expression do in each phase, in which order, and what keeps them from doing it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mitigationSource, Phase, type RateLimit, type RuleAction } from '@precede/contracts';
import { block, expressionRule, listOf, startDecider } from './decider.test-kit.ts';
import { ruleOf, zoneSettings } from './fixtures.test-kit.ts';

const { redirect, custom, ratelimit, lateTransform } = Phase;
const to = (value: string, more: Partial<Extract<RuleAction, { kind: 'redirect' }>> = {}): RuleAction => ({
  kind: 'redirect',
  status: 302,
  target: { kind: 'value', value },
  keepsQuery: false,
  ...more,
});
const session = (value: string) => ({ session: { type: 'explicit' as const, name: '', value } });
const headers = (entries: Readonly<Record<string, string | string[]>>) => ({
  headers: new Map(Object.entries(entries)),
});
const header = (response: { headers: readonly (readonly [string, string])[] } | null, name: string) =>
  response?.headers.find(([each]) => each === name)?.[1];

test('a block answers 403 with a body that names the decision and not the rule', async () => {
  const rule = expressionRule(custom, block, { expression: 'http.request.uri.path eq "/cart"' });
  const { ask } = startDecider({ expressionRules: [rule] });

  const denied = await ask();
  const passed = await ask({ path: '/ship' });

  assert.deepEqual(
    [denied.decision, denied.action, denied.ruleId, denied.ruleSource],
    ['deny', 'block', rule.ruleId, custom],
  );
  assert.equal(denied.response?.status, 403);
  assert.deepEqual(JSON.parse(denied.response?.body ?? ''), {
    error: { code: 'denied', message: 'The request was refused.', decision_id: denied.decisionId },
  });
  assert.equal(header(denied.response, 'x-precede-decision'), denied.decisionId);
  assert.equal(header(denied.response, 'cache-control'), 'no-store');
  assert.deepEqual([passed.decision, passed.ruleId, passed.response], ['allow', null, null]);
});

test('a block may have its own status, type and body, and the decision header can be switched off', async () => {
  const response = { status: 451, contentType: 'text/plain', content: 'not here' };
  const { ask } = startDecider({
    expressionRules: [expressionRule(custom, { kind: 'block', response })],
    snapshot: { settings: { ...zoneSettings, hasDecisionHeader: false } },
  });

  const { response: answer } = await ask();

  assert.deepEqual([answer?.status, answer?.body], [451, 'not here']);
  assert.equal(header(answer, 'content-type'), 'text/plain');
  assert.equal(header(answer, 'x-precede-decision'), undefined);
});

test('log lets pass, and rules after it are asked', async () => {
  const log = expressionRule(custom, { kind: 'log' });
  const later = expressionRule(custom, block, { expression: 'http.request.method eq "POST"' });
  const { ask } = startDecider({ expressionRules: [log, later] });

  const logged = await ask();
  const denied = await ask({ method: 'POST' });

  assert.deepEqual([logged.decision, logged.action, logged.logged], ['allow', 'log', [log.ruleId]]);
  assert.deepEqual([denied.decision, denied.ruleId], ['deny', later.ruleId]);
});

test('skip leaves out the rest of the phase, other phases or sequence mitigation', async () => {
  const skip = (sources: readonly (Phase | typeof mitigationSource)[], isRestOfPhase: boolean) =>
    expressionRule(
      custom,
      { kind: 'skip', isRestOfPhase, sources },
      { expression: 'http.request.headers["x-trusted"][0] eq "yes"' },
    );
  const trusted = headers({ 'x-trusted': 'yes' });
  const limit: RateLimit = {
    characteristics: ['ip.src'],
    periodMs: 1000,
    requestsPerPeriod: 0,
    mitigationTimeoutMs: 0,
    countingExpression: '',
  };
  const rest = startDecider({ expressionRules: [skip([], true), expressionRule(custom, block)] });
  const other = startDecider({
    expressionRules: [skip([ratelimit], false), expressionRule(ratelimit, block, { ratelimit: limit })],
  });
  const mitigation = startDecider({
    expressionRules: [skip([mitigationSource], false)],
    rules: [ruleOf(1, 'pay', 'cart')],
  });

  for (const { ask } of [rest, other, mitigation]) {
    assert.equal((await ask()).decision, 'deny');
    assert.equal((await ask(trusted)).decision, 'allow');
  }
});

test('a redirect sends to a text or an expression, with its status and, if wanted, the query', async () => {
  const target = {
    kind: 'expression',
    expression: 'concat("https://new.example.com", http.request.uri.path)',
  } as const;
  const dynamic = startDecider({
    expressionRules: [expressionRule(redirect, to('', { target, status: 308, keepsQuery: true }))],
  });
  const fixed = startDecider({
    expressionRules: [expressionRule(redirect, to('/other?a=1#end', { keepsQuery: true }))],
  });

  const moved = await dynamic.ask({ path: '/cart?x=1&y=%20' });
  const here = await fixed.ask({ path: '/cart?b=2' });

  assert.deepEqual([moved.action, moved.response?.status], ['redirect', 308]);
  assert.equal(header(moved.response, 'location'), 'https://new.example.com/cart?x=1&y=%20');
  assert.equal(header(here.response, 'location'), '/other?a=1&b=2#end');
});

test('a target made of what the client sends never leads to another host or ends the header', async () => {
  const target = { kind: 'expression', expression: 'http.request.headers["x-to"][0]' } as const;
  const { ask } = startDecider({ expressionRules: [expressionRule(redirect, to('', { target }))] });
  const sentTo = async (value: string) => (await ask(headers({ 'x-to': value }))).response;

  for (const bad of ['//evil.example', '/\\evil.example', 'javascript:alert(1)', '/a\r\nset-cookie: x=1', ''])
    assert.equal(await sentTo(bad), null, JSON.stringify(bad));
  assert.equal(header(await sentTo('/a b\xe9'), 'location'), '/a%20b%E9');
});

test('header changes reach the origin in the order of their rules, and none that would end the line', async () => {
  const changes = expressionRule(lateTransform, {
    kind: 'rewrite',
    headers: [
      { name: 'x-static', operation: 'set', value: { kind: 'value', value: 'one' } },
      { name: 'x-from', operation: 'add', value: { kind: 'expression', expression: 'ip.src' } },
      { name: 'x-evil', operation: 'set', value: { kind: 'expression', expression: 'http.user_agent' } },
      { name: 'cookie', operation: 'remove', value: null },
    ],
  });
  const { ask } = startDecider({ expressionRules: [changes] });

  const decision = await ask({ clientIp: '2001:db8::1', ...headers({ 'user-agent': 'a\r\nb: c' }) });

  assert.deepEqual([decision.decision, decision.action, decision.ruleId], ['allow', null, null]);
  assert.deepEqual(decision.requestHeaders, [
    { name: 'x-static', operation: 'set', value: 'one' },
    { name: 'x-from', operation: 'add', value: '2001:db8::1' },
    { name: 'cookie', operation: 'remove', value: '' },
  ]);
});

test('a rate limit counts by its characteristics, answers 429 with Retry-After, and lets through again', async () => {
  const limit: RateLimit = {
    characteristics: ['ip.src', 'http.request.headers["x-key"][0]'],
    periodMs: 10_000,
    requestsPerPeriod: 2,
    mitigationTimeoutMs: 30_000,
    countingExpression: '',
  };
  const { ask, clock } = startDecider({
    expressionRules: [expressionRule(ratelimit, block, { ratelimit: limit, description: 'too fast' })],
  });
  const one = { clientIp: '192.0.2.1', ...headers({ 'x-key': 'a' }) };
  const other = { clientIp: '192.0.2.1', ...headers({ 'x-key': 'b' }) };

  const first = [await ask(one), await ask(one), await ask(one)];
  const apart = await ask(other);
  clock.nowMs += 29_000;
  const still = await ask(one);
  clock.nowMs += 1_001;
  const again = await ask(one);

  assert.deepEqual(
    first.map((each) => each.decision),
    ['allow', 'allow', 'deny'],
  );
  assert.deepEqual([first[2]?.action, first[2]?.response?.status], ['limit', 429]);
  assert.equal(header(first[2]?.response ?? null, 'retry-after'), '30');
  assert.match(first[2]?.reason ?? '', /^Limited by rate limit "too fast": more than 2 requests in 10 s/);
  assert.equal(apart.decision, 'allow');
  assert.equal(header(still.response, 'retry-after'), '1');
  assert.equal(again.decision, 'allow');
});

test('a rate limit may count other requests than it acts on', async () => {
  const limit: RateLimit = {
    characteristics: ['session'],
    periodMs: 10_000,
    requestsPerPeriod: 1,
    mitigationTimeoutMs: 0,
    countingExpression: 'http.request.method eq "POST"',
  };
  const rule = expressionRule(ratelimit, block, {
    ratelimit: limit,
    expression: 'http.request.uri.path eq "/ship"',
  });
  const { ask } = startDecider({ expressionRules: [rule] });
  const pay = { method: 'POST', path: '/pay', ...session('one') };

  const before = await ask({ path: '/ship', ...session('one') });
  await ask(pay);
  const posts = await ask(pay);
  const after = await ask({ path: '/ship', ...session('one') });
  const stranger = await ask({ path: '/ship', ...session('two') });

  assert.deepEqual(
    [before, posts, after, stranger].map((each) => each.decision),
    ['allow', 'allow', 'deny', 'allow'],
  );
});

test('phases are asked in their order: the first that keeps the request ends it', async () => {
  const limit: RateLimit = {
    characteristics: [],
    periodMs: 1000,
    requestsPerPeriod: 0,
    mitigationTimeoutMs: 0,
    countingExpression: '',
  };
  const when = (phase: string) => ({ expression: `http.request.headers["x-phase"][0] contains "${phase}"` });
  const { ask } = startDecider({
    expressionRules: [
      expressionRule(redirect, to('/x'), when('1')),
      expressionRule(custom, block, when('2')),
      expressionRule(ratelimit, block, { ratelimit: limit, ...when('3') }),
    ],
    rules: [ruleOf(1, 'pay', 'cart')],
  });
  const sourceFor = async (phases: string) => (await ask(headers({ 'x-phase': phases }))).ruleSource;

  assert.equal(await sourceFor('123'), redirect);
  assert.equal(await sourceFor('23'), custom);
  assert.equal(await sourceFor('3'), ratelimit);
  assert.equal(await sourceFor('0'), mitigationSource);
});

test('what is denied in any phase does not enter the session', async () => {
  const rule = expressionRule(custom, block, { expression: 'http.request.uri.query eq "bad"' });
  const { ask } = startDecider({ expressionRules: [rule], rules: [ruleOf(1, 'cart', 'pay')] });

  await ask({ path: '/cart?bad', ...session('one') });
  const denied = await ask({ method: 'POST', path: '/pay', ...session('one') });
  await ask({ path: '/cart', ...session('one') });
  const passed = await ask({ method: 'POST', path: '/pay', ...session('one') });

  assert.deepEqual([denied.decision, passed.decision], ['deny', 'allow']);
});

test('expressions see the operations of the session', async () => {
  const [cart] = ['63617274'];
  const rule = expressionRule(custom, block, {
    expression: `cf.sequence.current_op eq "7061792e" and not any(cf.sequence.previous_ops[*] eq "${cart}")`,
  });
  const { ask } = startDecider({ expressionRules: [rule] });
  const pay = { method: 'POST', path: '/pay', ...session('one') };

  const before = await ask(pay);
  await ask({ path: '/cart', ...session('one') });
  const after = await ask(pay);

  assert.deepEqual([before.decision, after.decision], ['deny', 'allow']);
});

test('named lists are looked into', async () => {
  const { ask } = startDecider({
    expressionRules: [expressionRule(custom, block, { expression: 'ip.src in $bad' })],
    lists: [listOf('bad', 'ip', ['192.0.2.0/24'])],
  });

  assert.equal((await ask({ clientIp: '192.0.2.77' })).decision, 'deny');
  assert.equal((await ask({ clientIp: '198.51.100.1' })).decision, 'allow');
  assert.equal((await ask()).decision, 'allow');
});

test('log-only, of a rule or of the zone, decides the same and changes nothing', async () => {
  const set = { name: 'x-a', operation: 'set', value: { kind: 'value', value: 'b' } } as const;
  const rules = [
    expressionRule(redirect, to('/x')),
    expressionRule(custom, block),
    expressionRule(lateTransform, { kind: 'rewrite', headers: [set] }),
  ];
  const byRule = startDecider({ expressionRules: rules.map((rule) => ({ ...rule, isLogOnly: true })) });
  const byZone = startDecider({
    expressionRules: rules,
    rules: [ruleOf(1, 'pay', 'cart')],
    snapshot: { settings: { ...zoneSettings, isLogOnly: true } },
  });

  const one = await byRule.ask();
  const all = await byZone.ask();

  assert.deepEqual([one.decision, one.action, one.requestHeaders], ['allow', 'log', []]);
  assert.deepEqual(one.logged, [rules[0]?.ruleId, rules[1]?.ruleId]);
  assert.deepEqual([all.decision, all.action, all.requestHeaders], ['allow', 'log', []]);
  assert.equal(all.logged.length, 3);
  assert.match(one.reason, /^Let through and logged: it would be redirected by redirect rule/);
});

test('a roll-out enforces for its share of the sessions, always the same ones, and logs for the others', async () => {
  const share = async (percent: number): Promise<Set<string>> => {
    const { ask } = startDecider({
      expressionRules: [expressionRule(custom, block, { rolloutPercent: percent, ruleId: 'fixed' as never })],
    });
    const denied = new Set<string>();
    for (let i = 0; i < 1000; i += 1) {
      const { decision, action } = await ask(session(`s${i}`));
      if (decision === 'deny') denied.add(`s${i}`);
      else assert.equal(action, 'log');
    }
    return denied;
  };

  const [none, tenth, half, all] = [await share(0), await share(10), await share(50), await share(100)];

  assert.deepEqual([none.size, all.size], [0, 1000]);
  assert.ok(tenth.size > 70 && tenth.size < 130, String(tenth.size));
  assert.ok(half.size > 450 && half.size < 550, String(half.size));
  for (const each of tenth) assert.ok(half.has(each), `${each} stays in as the share grows`);
});

test('a sequence rule rolls out by session too', async () => {
  const { ask } = startDecider({ rules: [{ ...ruleOf(1, 'pay', 'cart'), rolloutPercent: 50 }] });

  let denied = 0;
  for (let i = 0; i < 400; i += 1) if ((await ask(session(`s${i}`))).decision === 'deny') denied += 1;

  assert.ok(denied > 150 && denied < 250, String(denied));
});

test('a disabled rule does nothing', async () => {
  const { ask } = startDecider({ expressionRules: [expressionRule(custom, block, { isEnabled: false })] });

  assert.equal((await ask()).decision, 'allow');
});

test('decisions are counted by the phase of their rule', async () => {
  const { ask, metric } = startDecider({ expressionRules: [expressionRule(custom, block)] });

  await ask();

  assert.equal(await metric('decisions_total', { verdict: 'block', rule: custom }), 1);
});
