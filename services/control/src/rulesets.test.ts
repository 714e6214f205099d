/** Rules by expression as the public Rulesets API takes and shows them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Answer, faultsOf, type Harness, makeZone, startHarness, zoneId } from './harness.test-kit.ts';

const custom = 'http_request_firewall_custom';
const base = `/zones/${zoneId}/rulesets`;
const entry = (phase: string): string => `${base}/phases/${phase}/entrypoint`;
const unknownId = 'eeeeeeee-0000-4000-8000-000000000000';
let control: Harness;
let now = Date.UTC(2026, 10, 21, 12);

before(async () => {
  control = await startHarness({ clock: { now: () => now } });
  await makeZone(control);
});
after(() => control.close());
beforeEach(async () => {
  now += 1_000;
  for (const phase of [custom, 'http_ratelimit', 'http_request_redirect', 'http_request_late_transform'])
    await control.call('PUT', entry(phase), { rules: [], description: '' });
});

const block = (description: string, more: object = {}) => ({
  description,
  expression: 'http.host eq "a.example.com"',
  action: 'block',
  ...more,
});
const put = (rules: readonly unknown[], phase = custom): Promise<Answer> =>
  control.call('PUT', entry(phase), { rules });
const rulesetId = async (phase = custom): Promise<string> =>
  (await control.call('GET', entry(phase))).body.result.id;
// biome-ignore lint/suspicious/noExplicitAny: rules of every shape.
type Rule = any;
const rulesOf = async (phase = custom): Promise<Rule[]> =>
  (await control.call('GET', entry(phase))).body.result.rules;
const names = async (): Promise<string> => (await rulesOf()).map((rule) => rule.description).join('');

test('each phase has a ruleset from the beginning, by name, by id and in the list', async () => {
  const fresh = await startHarness();
  await makeZone(fresh);

  const listed = await fresh.call('GET', base);
  const named = await fresh.call('GET', entry(custom));
  const byId = await fresh.call('GET', `${base}/${named.body.result.id}`);

  assert.deepEqual(
    listed.body.result.map((each: { phase: string }) => each.phase),
    ['http_request_redirect', custom, 'http_request_ratelimit', 'http_request_late_transform'],
  );
  const { id, last_updated: _, ...rest } = named.body.result;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    name: 'default',
    description: '',
    kind: 'zone',
    phase: custom,
    version: '0',
    rules: [],
  });
  assert.deepEqual(byId.body.result, named.body.result);
  await fresh.close();
});

test('the second name of a phase is the same rules, answered in the name that was asked for', async () => {
  const limit = {
    expression: 'true',
    action: 'block',
    ratelimit: {
      characteristics: ['cf.colo.id', 'ip.src'],
      period: 60,
      requests_per_period: 5,
      mitigation_timeout: 10,
    },
  };

  const written = await put([limit], 'http_ratelimit');

  const other = await control.call('GET', entry('http_request_ratelimit'));
  const byId = await control.call('GET', `${base}/${written.body.result.id}`);
  assert.equal(written.body.result.phase, 'http_ratelimit');
  assert.equal(byId.body.result.phase, 'http_ratelimit');
  assert.equal(other.body.result.phase, 'http_request_ratelimit');
  assert.deepEqual(other.body.result.rules, written.body.result.rules);
  assert.deepEqual(written.body.result.rules[0].ratelimit, {
    characteristics: ['ip.src'],
    period: 60,
    requests_per_period: 5,
    mitigation_timeout: 10,
    counting_expression: '',
    requests_to_origin: false,
  });
});

test('what each phase takes is shown as it was given', async () => {
  const response = { status_code: 451, content_type: 'application/json', content: '{"no":1}' };
  const given: readonly (readonly [string, Record<string, unknown>])[] = [
    [custom, { action: 'block', action_parameters: { response } }],
    [custom, { action: 'log' }],
    [custom, { action: 'skip', action_parameters: { ruleset: 'current' } }],
    [
      custom,
      {
        action: 'skip',
        action_parameters: {
          phases: ['http_request_ratelimit'],
          products: ['apiShieldSequenceMitigation'],
        },
      },
    ],
    [
      'http_request_dynamic_redirect',
      {
        action: 'redirect',
        action_parameters: {
          from_value: {
            status_code: 308,
            target_url: { expression: 'concat("https://example.com", http.request.uri.path)' },
            preserve_query_string: true,
          },
        },
      },
    ],
    [
      'http_request_late_transform',
      {
        action: 'rewrite',
        action_parameters: {
          headers: {
            'x-a': { operation: 'set', value: 'one' },
            'x-b': { operation: 'add', expression: 'http.host' },
            'x-c': { operation: 'remove' },
          },
        },
      },
    ],
  ];

  for (const [at, [phase, rule]] of given.entries()) {
    const body = {
      expression: 'true',
      log_only: true,
      rollout_percent: 25,
      enabled: false,
      ref: `r${at}`,
      ...rule,
    };
    const answer = await put([body], phase);

    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const {
      id: _id,
      version,
      last_updated: _at,
      description: _text,
      logging: _logging,
      ...shown
    } = answer.body.result.rules[0];
    assert.equal(version, '1');
    assert.deepEqual(shown, body);
    const again = await control.call('PUT', entry(phase), answer.body.result);
    assert.deepEqual(again.body.result.rules, answer.body.result.rules);
  }
});

test('adds a rule at the end, at an index, before and after another', async () => {
  const id = await rulesetId();
  const add = (description: string, position?: object) =>
    control.call(
      'POST',
      `${base}/${id}/rules`,
      block(description, position === undefined ? {} : { position }),
    );

  const first = (await add('a')).body.result.rules[0].id;
  await add('b');
  await add('x', { index: 1 });
  await add('y', { before: first });
  await add('z', { after: first });
  await add('0', { before: '' });
  await add('9', { after: '' });

  assert.equal(await names(), '0xyazb9');
});

test('changes what is given, leaves the rest, and counts versions', async () => {
  const response = { status_code: 451, content_type: 'text/plain', content: 'no' };
  const [rule] = (await put([block('a', { action_parameters: { response } }), block('b')])).body.result.rules;
  const one = `${base}/${await rulesetId()}/rules/${rule.id}`;
  now += 1_000;

  const renamed = await control.call('PATCH', one, { description: 'A' });
  const logged = await control.call('PATCH', one, { action: 'log' });
  const moved = await control.call('PATCH', one, { position: { index: 2 } });
  const same = await control.call('PATCH', one, { description: 'A' });

  assert.deepEqual(renamed.body.result.rules[0], {
    ...rule,
    description: 'A',
    version: '2',
    last_updated: new Date(now).toISOString().replace('Z', '000Z'),
  });
  assert.equal(logged.body.result.rules[0].action_parameters, undefined);
  assert.equal(moved.body.result.rules[1].version, '3');
  assert.equal(same.body.result.version, moved.body.result.version);
  assert.equal(await names(), 'bA');
});

test('a rule of a list is known by its id or its ref, and untouched where nothing of it changed', async () => {
  const made = (await put([block('a', { ref: 'one' }), block('b')])).body.result.rules;
  now += 1_000;

  const { body } = await put([block('new'), { ...made[1], expression: 'true' }, block('a', { ref: 'one' })]);

  const [added, changed, kept] = body.result.rules;
  assert.equal(added.ref, added.id);
  assert.deepEqual([changed.id, changed.version], [made[1].id, '2']);
  assert.deepEqual([kept.id, kept.version], [made[0].id, '1']);
});

test('without rules a ruleset keeps them; deleted it is empty', async () => {
  await put([block('a')]);
  const id = await rulesetId();

  const described = await control.call('PUT', `${base}/${id}`, { description: 'ours' });
  const deleted = await control.call('DELETE', `${base}/${id}`);

  assert.deepEqual([described.body.result.description, described.body.result.rules.length], ['ours', 1]);
  assert.deepEqual(deleted.body.result, { id });
  assert.deepEqual(await rulesOf(), []);
});

test('a ruleset is created for a phase without rules only', async () => {
  const body = { name: 'default', kind: 'zone', phase: custom, rules: [block('a')] };

  const created = await control.call('POST', base, body);
  const again = await control.call('POST', base, body);
  const nowhere = await control.call('POST', base, { ...body, phase: 'http_response_compression' });

  assert.equal(created.body.result.rules.length, 1);
  assert.deepEqual([again.status, faultsOf(again)], [409, [[1512, undefined]]]);
  assert.deepEqual(faultsOf(nowhere), [[1004, '/phase']]);
});

test('deletes a rule; it and rules of other rulesets are not there', async () => {
  const [a] = (await put([block('a'), block('b')])).body.result.rules;
  const id = await rulesetId();
  const other = await rulesetId('http_request_redirect');

  const foreign = await control.call('DELETE', `${base}/${other}/rules/${a.id}`);
  const deleted = await control.call('DELETE', `${base}/${id}/rules/${a.id}`);
  const gone = await control.call('PATCH', `${base}/${id}/rules/${a.id}`, {});

  assert.deepEqual([foreign.status, faultsOf(foreign)], [404, [[1509, undefined]]]);
  assert.equal(deleted.body.result.rules.length, 1);
  assert.deepEqual(faultsOf(gone), [[1509, undefined]]);
});

test('a zone does not reach the rulesets and rules of another', async () => {
  const [rule] = (await put([block('a')])).body.result.rules;
  const ours = await rulesetId();
  const other = 'f'.repeat(32);
  await control.call('POST', '/zones', { name: 'other', id: other });
  const theirs = (await control.call('GET', `/zones/${other}/rulesets/phases/${custom}/entrypoint`)).body
    .result;

  const byId = await control.call('GET', `/zones/${other}/rulesets/${ours}`);
  const byRule = await control.call('PATCH', `/zones/${other}/rulesets/${theirs.id}/rules/${rule.id}`, {});

  assert.notEqual(theirs.id, ours);
  assert.deepEqual([byId.status, faultsOf(byId)], [404, [[1511, undefined]]]);
  assert.deepEqual([byRule.status, faultsOf(byRule)], [404, [[1509, undefined]]]);
});

test('names all faults of all rules at once and writes nothing', async () => {
  await put([block('kept')]);

  const answer = await put([
    block('a', {
      id: unknownId,
      expression: 'http.host eq',
      action_parameters: { response: { status_code: 200 } },
    }),
    {
      action: 'challenge',
      expression: 'ip.src in $nowhere',
      rollout_percent: 101,
      log_only: 1,
      colour: 'red',
    },
    { action: 'skip', expression: 'true', action_parameters: { phases: [custom], products: ['waf'] } },
    block('b', { ref: 'r', position: { index: 1 } }),
    block('c', { ref: 'r', ratelimit: {} }),
    'none',
  ]);

  assert.equal(answer.status, 400);
  assert.deepEqual(faultsOf(answer).toSorted(), [
    [1004, '/rules/0/action_parameters/response/content'],
    [1004, '/rules/0/action_parameters/response/content_type'],
    [1004, '/rules/0/action_parameters/response/status_code'],
    [1004, '/rules/1/action'],
    [1004, '/rules/1/log_only'],
    [1004, '/rules/1/rollout_percent'],
    [1004, '/rules/2/action_parameters/phases/0'],
    [1004, '/rules/2/action_parameters/products/0'],
    [1004, '/rules/5'],
    [1005, '/rules/1/colour'],
    [1005, '/rules/4/ratelimit'],
    [1504, '/rules/3/position'],
    [1507, '/rules/0/id'],
    [1508, '/rules/0/expression'],
    [1508, '/rules/1/expression'],
    [1510, '/rules/4/ref'],
  ]);
  assert.equal(await names(), 'kept');
});

test('a fault of an expression has line, column and what to write instead', async () => {
  const answer = await put([block('a', { expression: 'http.host eq "a"\nand ip.srk eq 192.0.2.1' })]);

  const [fault] = answer.body.errors;
  assert.match(fault.message, /^line 2, column 5: .+; .+/);
});

test('expressions of parameters are checked where they stand', async () => {
  const redirect = { status_code: 302, target_url: { expression: 'http.request.uri.args' } };
  const limit = { period: 1, requests_per_period: 1, counting_expression: 'nothing eq 1' };
  const headers = { 'X-A': { operation: 'set', expression: 'nothing' }, host: { operation: 'remove' } };

  const target = await put(
    [{ expression: 'true', action: 'redirect', action_parameters: { from_value: redirect } }],
    'http_request_redirect',
  );
  const counting = await put(
    [
      {
        expression: 'true',
        action: 'log',
        ratelimit: { ...limit, characteristics: ['cf.colo.id', 'session', 'http.request.headers["a"]'] },
      },
    ],
    'http_ratelimit',
  );
  const header = await put(
    [{ expression: 'false', action: 'rewrite', action_parameters: { headers } }],
    'http_request_late_transform',
  );
  const good = { 'X-A': headers['X-A'] };
  const only = await put(
    [{ expression: 'true', action: 'rewrite', action_parameters: { headers: good } }],
    'http_request_late_transform',
  );

  const at = '/rules/0/action_parameters';
  assert.deepEqual(faultsOf(target), [[1508, `${at}/from_value/target_url/expression`]]);
  assert.deepEqual(faultsOf(counting), [
    [1508, '/rules/0/ratelimit/characteristics/2'],
    [1508, '/rules/0/ratelimit/counting_expression'],
  ]);
  assert.deepEqual(faultsOf(header), [
    [1004, `${at}/headers/host`],
    [1508, '/rules/0/expression'],
  ]);
  assert.deepEqual(faultsOf(only), [[1508, `${at}/headers/X-A/expression`]]);
});

test('faults of one rule come with those of its place, its id and its ref', async () => {
  const [a] = (await put([block('a', { ref: 'one' }), block('b')])).body.result.rules;
  const id = await rulesetId();

  const added = await control.call('POST', `${base}/${id}/rules`, {
    ...block('c', { ref: 'one', expression: 'x', id: a.id }),
    position: { index: 4 },
  });
  const both = await control.call('PATCH', `${base}/${id}/rules/${a.id}`, {
    position: { index: 1, before: '' },
    id: unknownId,
  });
  const near = await control.call('PATCH', `${base}/${id}/rules/${a.id}`, { position: { after: a.id } });

  assert.deepEqual(faultsOf(added), [
    [1508, '/expression'],
    [1503, '/position/index'],
    [1507, '/id'],
    [1510, '/ref'],
  ]);
  assert.deepEqual(faultsOf(both), [
    [1004, '/position'],
    [1507, '/id'],
  ]);
  assert.deepEqual(faultsOf(near), [[1507, '/position/after']]);
});

test('texts, contents and numbers of rules are bounded', async () => {
  const content = (length: number) => ({
    action_parameters: {
      response: { status_code: 403, content_type: 'text/html', content: 'x'.repeat(length) },
    },
  });

  const most = await put([block('d'.repeat(500), { ref: 'r'.repeat(128), ...content(10_240) })]);
  const more = await put([block('d'.repeat(501), { ref: 'r'.repeat(129), ...content(10_241) })]);
  const many = await put(Array.from({ length: 10_001 }, () => 0));

  assert.equal(most.status, 200);
  assert.deepEqual(faultsOf(more).toSorted(), [
    [1004, '/rules/0/action_parameters/response/content'],
    [1004, '/rules/0/description'],
    [1004, '/rules/0/ref'],
  ]);
  assert.equal(faultsOf(many)[0]?.[1], '/rules');
});
