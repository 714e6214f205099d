/** What all writes share: they can be tried without being made, are recorded with who made them, and want a permission. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditFromAvro, type ConfigChanged, Topic, type ZoneId } from '@precede/contracts';
import { Permission, type Principal } from './auth.ts';
import {
  faultsOf,
  type Harness,
  type HarnessOptions,
  makeOperations,
  makeZone,
  startHarness,
  zoneId,
} from './harness.test-kit.ts';

const zone = `/zones/${zoneId}`;
const gateway = `${zone}/api_gateway`;
const custom = 'http_request_firewall_custom';
const entry = `${zone}/rulesets/phases/${custom}/entrypoint`;
const tokens = `${zone}/token_validation/config`;
const tokenBody = {
  title: 'tokens',
  token_sources: ['http.request.headers["authorization"][0]'],
  jwks_url: 'https://id.example.com/keys',
  algorithms: ['ES256'],
};
const rule = { expression: 'http.host eq "a"', action: 'log', description: 'a' };

/** Everything that audit.v1 has, in order. */
const audited = async ({ log }: Harness): Promise<readonly ConfigChanged[]> => {
  const changes: ConfigChanged[] = [];
  const tail = await log.tail({
    topic: Topic.audit,
    onRecords: (records) => {
      for (const { value } of records)
        if (value !== null) changes.push(auditFromAvro(log.codec.decode(Topic.audit, value)));
    },
  });
  await tail.caughtUp;
  await tail.close();
  return changes;
};

const told = (changes: readonly ConfigChanged[]) =>
  changes.map(({ revision, place, resource, action }) => `${revision}-${place} ${action} ${resource}`);

const open = async (options: HarnessOptions = {}): Promise<Harness> => {
  const control = await startHarness(options);
  await makeZone(control);
  return control;
};

/** One write on each route, upon a zone that has one of each thing. */
const everyWrite = async (control: Harness) => {
  const [start, end, spare] = await makeOperations(control, ['/a', '/b', '/c']);
  const sequence = { title: 's', kind: 'allow', action: 'log', sequence: [start, end] };
  const made = async (path: string, body: unknown, method = 'POST') =>
    (await control.call(method, path, body)).body.result;
  const sequenceRule = (await made(`${gateway}/seqrules/rules`, sequence)).id;
  const ruleset = await made(entry, { rules: [rule] }, 'PUT');
  const rules = `${zone}/rulesets/${ruleset.id}`;
  const expressionRule = `${rules}/rules/${ruleset.rules[0].id}`;
  const list = `${zone}/rules/lists/${(await made(`${zone}/rules/lists`, { kind: 'asn', name: 'as' })).id}`;
  await made(`${list}/items`, [{ asn: 1 }]);
  const item = (await control.call('GET', `${list}/items`)).body.result[0].id;
  const config = `${tokens}/${(await made(tokens, tokenBody)).id}`;
  const keys = [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }];
  return [
    ['POST', '/zones', { name: 'new' }],
    ['PATCH', zone, { log_only: true }],
    ['DELETE', zone, undefined],
    ['POST', `${gateway}/operations`, [{ method: 'GET', host: 'a.example.com', endpoint: '/new' }]],
    ['POST', `${gateway}/operations/item`, { method: 'GET', host: 'a.example.com', endpoint: '/new' }],
    ['DELETE', `${gateway}/operations/${spare}`, undefined],
    ['PUT', `${gateway}/configuration`, { auth_id_characteristics: [{ type: 'cookie', name: 'sid' }] }],
    ['PUT', `${gateway}/seqrules`, { rules: [] }],
    ['POST', `${gateway}/seqrules/rules`, sequence],
    ['PATCH', `${gateway}/seqrules/rules/${sequenceRule}`, { title: 't' }],
    ['DELETE', `${gateway}/seqrules/rules/${sequenceRule}`, undefined],
    ['PUT', entry, { rules: [] }],
    ['POST', `${zone}/rulesets`, { kind: 'zone', name: 'default', phase: 'http_ratelimit' }],
    ['PUT', rules, { description: 'new' }],
    ['DELETE', rules, undefined],
    ['POST', `${rules}/rules`, rule],
    ['PATCH', expressionRule, { description: 'new' }],
    ['DELETE', expressionRule, undefined],
    ['POST', `${zone}/rules/lists`, { kind: 'ip', name: 'new' }],
    ['PUT', list, { name: 'other' }],
    ['DELETE', list, undefined],
    ['POST', `${list}/items`, [{ asn: 2 }]],
    ['PUT', `${list}/items`, []],
    ['DELETE', `${list}/items`, { items: [{ id: item }] }],
    ['PUT', `${zone}/fraud_detection/sequence_cookies`, { enabled: true }],
    ['POST', tokens, tokenBody],
    ['PUT', config, tokenBody],
    ['PATCH', config, { title: 'new' }],
    ['PUT', `${config}/credentials`, { keys }],
    ['DELETE', config, undefined],
  ] as const;
};

test('with validate_only every write is checked and answered, and nothing is written', async (t) => {
  const control = await open();
  t.after(() => control.close());
  const writes = await everyWrite(control);
  const before = { zone: (await control.call('GET', zone)).body.result, audit: await audited(control) };

  for (const [method, path, body] of writes) {
    const answer = await control.call(method, `${path}?validate_only=true`, body);

    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    assert.match(answer.body.messages[0].message, /nothing was written/, `${method} ${path}`);
  }

  assert.deepEqual((await control.call('GET', zone)).body.result, before.zone);
  assert.deepEqual(await audited(control), before.audit);
  assert.equal((await control.call('GET', '/zones')).body.result.length, 1);
});

test('validate_only tells the faults that the write would have, and what it would give', async (t) => {
  const control = await open();
  t.after(() => control.close());

  const faulty = await control.call('PUT', `${entry}?validate_only=true`, {
    rules: [{ ...rule, expression: 'x' }, 1],
  });
  const planned = await control.call('PUT', `${entry}?validate_only=true`, { rules: [rule] });
  const unclear = await control.call('PUT', `${entry}?validate_only=maybe`, { rules: [rule] });
  const plain = await control.call('PUT', `${entry}?validate_only=false`, { rules: [rule] });

  assert.deepEqual(faultsOf(faulty), [
    [1508, '/rules/0/expression'],
    [1004, '/rules/1'],
  ]);
  assert.deepEqual([planned.body.result.version, planned.body.result.rules.length], ['1', 1]);
  assert.deepEqual(faultsOf(unclear), [[1006, undefined]]);
  assert.deepEqual([plain.body.messages, plain.body.result.version], [[], '1']);
});

test('a token of one permission or another zone writes nothing', async (t) => {
  const all = Object.values(Permission);
  let principal: Principal = { name: 'admin', zones: 'all', permissions: new Set(all) };
  const control = await open({ authenticate: () => principal });
  t.after(() => control.close());
  const writes = await everyWrite(control);
  const needed = (path: string): string => {
    if (/seqrules|rulesets|rules\/lists/.test(path)) return 'rules edit';
    if (path.includes('sequence_cookies')) return 'sequence cookie edit';
    return /api_gateway|token_validation/.test(path) ? 'endpoints edit' : 'admin';
  };

  for (const [method, path, body] of writes) {
    const others = all.filter((each) => each !== needed(path) && each !== 'admin');
    principal = { name: 'limited', zones: 'all', permissions: new Set(others) };
    const lacking = await control.call(method, path, body);
    assert.equal(lacking.status, 403, `${method} ${path}`);
    assert.match(lacking.body.errors[0].message, new RegExp(`"${needed(path)}"`), `${method} ${path}`);

    if (path === '/zones') continue;
    principal = { name: 'foreign', zones: new Set(['f'.repeat(32) as ZoneId]), permissions: new Set(all) };
    assert.equal((await control.call(method, path, body)).status, 403, `${method} ${path}`);
  }
});

test('records each change with who made it, before and after', async (t) => {
  const principal: Principal = { name: 'ci', zones: 'all', permissions: new Set([Permission.admin]) };
  const control = await open({ authenticate: () => principal });
  t.after(() => control.close());

  await control.call('PUT', entry, { rules: [rule] });
  await control.call('PATCH', zone, { fail_mode: 'open' });
  await control.call('PUT', entry, { rules: [] });

  const changes = await audited(control);
  assert.deepEqual(told(changes), [
    '1-0 create zone',
    '2-0 create expression_rule',
    '2-1 create phase',
    '3-0 update zone',
    '4-0 delete expression_rule',
  ]);
  assert.ok(changes.every((each) => each.actor === 'ci' && each.zoneId === zoneId));
  const [, created, , settings, deleted] = changes as readonly [
    never,
    ConfigChanged,
    never,
    ConfigChanged,
    ConfigChanged,
  ];
  assert.equal(created.before, '');
  assert.deepEqual(JSON.parse(created.after), JSON.parse(deleted.before));
  assert.equal(JSON.parse(created.after).expression, rule.expression);
  assert.equal(created.resourceId, deleted.resourceId);
  assert.deepEqual(
    [JSON.parse(settings.before).fail_mode, JSON.parse(settings.after).fail_mode],
    [null, 'open'],
  );
});

test('what nobody changed is not recorded: saved again, sent again, moved by another', async (t) => {
  let now = Date.UTC(2026, 10, 21);
  const control = await open({ clock: { now: () => (now += 1_000) } });
  t.after(() => control.close());
  await makeOperations(control, ['/a', '/b']);
  const { body } = await control.call('PUT', entry, { rules: [rule, { ...rule, description: 'b' }] });
  const { id, rules } = body.result;
  const count = (await audited(control)).length;

  await makeOperations(control, ['/a', '/b']);
  await control.call('PUT', entry, { rules });
  assert.equal((await audited(control)).length, count);

  await control.call('POST', `${zone}/rulesets/${id}/rules`, { ...rule, position: { index: 1 } });
  await control.call('PATCH', `${zone}/rulesets/${id}/rules/${rules[1].id}`, { position: { index: 1 } });
  await control.call('PUT', entry, { rules: rules.toReversed() });

  const since = (await audited(control)).slice(count);
  assert.deepEqual(since.map(({ action, resourceId }) => [action, resourceId]).slice(0, 2), [
    ['create', since[0]?.resourceId],
    ['update', rules[1].id],
  ]);
  assert.ok(since.slice(2).some(({ action }) => action === 'delete'));
});

test('of a list the items that differ are recorded, of a token configuration its keys, of a deleted zone the zone', async (t) => {
  const control = await open();
  t.after(() => control.close());
  const list = (await control.call('POST', `${zone}/rules/lists`, { kind: 'asn', name: 'as' })).body.result
    .id;
  const items = `${zone}/rules/lists/${list}/items`;
  await control.call(
    'PUT',
    items,
    Array.from({ length: 9_999 }, (_, asn) => ({ asn })),
  );
  await control.call('POST', items, [{ asn: 7, comment: 'lucky' }, { asn: 20_000 }]);
  await control.call('POST', tokens, tokenBody);
  await control.call('DELETE', zone);

  const changes = await audited(control);

  const filled = JSON.parse(changes[2]?.after ?? '');
  assert.equal(filled.items.length + filled.items_left_out, 9_999);
  const changed = changes[3] as ConfigChanged;
  const shown = (json: string) =>
    JSON.parse(json).items.map((item: { asn: number; comment: string }) => [item.asn, item.comment]);
  assert.deepEqual(shown(changed.before), [[7, '']]);
  assert.deepEqual(shown(changed.after), [
    [7, 'lucky'],
    [20_000, ''],
  ]);
  assert.deepEqual(told(changes.slice(4)), ['5-0 create token_configuration', '6-0 delete zone']);
});
