import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, faultsOf, type Harness, makeZone, startHarness, zoneId } from './harness.test-kit.ts';

const path = `/zones/${zoneId}/rules/lists`;
const unknownId = 'e'.repeat(32);
let control: Harness;
before(async () => {
  control = await startHarness();
  await makeZone(control);
});
after(() => control.close());

let made = 0;
const make = async (kind = 'ip', name?: string): Promise<string> => {
  made += 1;
  const { body } = await control.call('POST', path, { kind, name: name ?? `list_${made}` });
  return body.result.id;
};
const items = async (id: string): Promise<Record<string, unknown>[]> =>
  (await control.call('GET', `${path}/${id}/items`)).body.result;

test('makes a list and shows it', async () => {
  const answer = await control.call('POST', path, {
    kind: 'ip',
    name: 'office.network',
    description: 'ours',
  });

  const { id, ...rest } = answer.body.result;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    name: 'office.network',
    kind: 'ip',
    description: 'ours',
    num_items: 0,
    num_referencing_filters: 0,
    created_on: '2026-11-21T12:00:00.005000Z',
    modified_on: '2026-11-21T12:00:00.005000Z',
  });
  assert.deepEqual((await control.call('GET', `${path}/${id}`)).body.result, answer.body.result);
  assert.ok((await control.call('GET', path)).body.result.some((each: { id: string }) => each.id === id));
});

test('names every fault of a list at once, and a taken name', async () => {
  await make('ip', 'taken');

  const faulty = await control.call('POST', path, { kind: 'redirect', name: 'Office', description: 1, x: 1 });
  const taken = await control.call('POST', path, { kind: 'asn', name: 'taken' });

  assert.deepEqual(faultsOf(faulty).toSorted(), [
    [1004, '/description'],
    [1004, '/kind'],
    [1004, '/name'],
    [1005, '/x'],
  ]);
  assert.deepEqual([taken.status, faultsOf(taken)], [409, [[1702, '/name']]]);
});

test('holds items of its kind', async () => {
  const given: Readonly<Record<string, readonly unknown[]>> = {
    ip: ['192.0.2.1', '192.0.2.0/24', '2001:db8::/32'],
    hostname: [{ url_hostname: 'www.example.com' }],
    asn: [64_496],
    string: ['curl/8', 'ä'],
    number: [7, '30..40'],
  };

  for (const [kind, values] of Object.entries(given)) {
    const id = await make(kind);
    const answer = await control.call(
      'POST',
      `${path}/${id}/items`,
      values.map((value) => ({ [kind]: value, comment: 'c' })),
    );

    assert.equal(answer.body.result.num_items, values.length, JSON.stringify(answer.body));
    const shown = await items(id);
    assert.deepEqual(
      shown.map((item) => item[kind]),
      values,
    );
    assert.equal(shown[0]?.['comment'], 'c');
  }
});

test('names every item that is none, is of another kind, or stands twice', async () => {
  const id = await make('ip');
  const host = await make('hostname');

  const answer = await control.call('PUT', `${path}/${id}/items`, [
    { ip: '192.0.2.300' },
    { ip: '192.0.2.1' },
    { asn: 1 },
    { ip: '192.0.2.1' },
    7,
    { ip: '192.0.2.2', comment: 'x'.repeat(501) },
  ]);
  const wildcard = await control.call('PUT', `${path}/${host}/items`, [
    { hostname: { url_hostname: '*.example.com' } },
  ]);

  assert.deepEqual(faultsOf(answer), [
    [1704, '/0/ip'],
    [1004, '/2/ip'],
    [1005, '/2/asn'],
    [1705, '/3'],
    [1004, '/4'],
    [1004, '/5/comment'],
  ]);
  assert.deepEqual(faultsOf(wildcard), [[1704, '/0/hostname']]);
  assert.deepEqual(await items(id), []);
});

test('adds, replaces and deletes items; one that stays keeps its id', async () => {
  const id = await make('number');
  const change = (method: string, body: unknown): Promise<Answer> =>
    control.call(method, `${path}/${id}/items`, body);

  await change('POST', [{ number: 1 }, { number: 2 }]);
  const [one, two] = await items(id);
  await change('POST', [{ number: 2, comment: 'two' }, { number: 3 }]);
  const added = await items(id);
  await change('PUT', [{ number: 3 }, { number: 1 }]);
  const replaced = await items(id);
  const unknown = await change('DELETE', { items: [{ id: one?.['id'] }, { id: unknownId }] });
  await change('DELETE', { items: [{ id: one?.['id'] }] });

  assert.deepEqual(
    added.map((item) => [item['number'], item['comment']]),
    [
      [1, ''],
      [2, 'two'],
      [3, ''],
    ],
  );
  assert.equal(added[1]?.['id'], two?.['id']);
  assert.deepEqual([replaced[0]?.['number'], replaced[1]?.['id']], [3, one?.['id']]);
  assert.deepEqual([unknown.status, faultsOf(unknown)], [404, [[1706, undefined]]]);
  assert.deepEqual(
    (await items(id)).map((item) => item['number']),
    [3],
  );
});

test('pages items by cursor, finds them by a part of their value, and shows one', async () => {
  const id = await make('string');
  const names = Array.from({ length: 5 }, (_, i) => ({ string: `name-${i}` }));
  await control.call('POST', `${path}/${id}/items`, names);

  const first = await control.call('GET', `${path}/${id}/items?per_page=3`);
  const { after: cursor } = first.body.result_info.cursors;
  const second = await control.call('GET', `${path}/${id}/items?per_page=3&cursor=${cursor}`);
  const found = await control.call('GET', `${path}/${id}/items?search=-4`);
  const one = await control.call('GET', `${path}/${id}/items/${found.body.result[0].id}`);

  assert.deepEqual([first.body.result.length, second.body.result.length], [3, 2]);
  assert.deepEqual(second.body.result_info.cursors, {});
  assert.deepEqual(one.body.result, found.body.result[0]);
  assert.equal(one.body.result.string, 'name-4');
});

test('a list that a rule uses, be it disabled, is neither deleted nor renamed', async () => {
  const id = await make('ip', 'used');
  await make('ip', 'used_not');
  const entry = `/zones/${zoneId}/rulesets/phases/http_request_firewall_custom/entrypoint`;
  const rules = [{ expression: 'ip.src in $used', action: 'log', enabled: false }];
  const ruleId = (await control.call('PUT', entry, { rules })).body.result.rules[0].id;

  const deleted = await control.call('DELETE', `${path}/${id}`);
  const renamed = await control.call('PUT', `${path}/${id}`, { name: 'other' });
  const described = await control.call('PUT', `${path}/${id}`, { name: 'used', description: 'd' });
  await control.call('PUT', entry, { rules: [] });
  const free = await control.call('DELETE', `${path}/${id}`);

  for (const refused of [deleted, renamed]) {
    assert.deepEqual([refused.status, faultsOf(refused)], [409, [[1701, undefined]]]);
    assert.match(refused.body.errors[0].message, new RegExp(ruleId));
  }
  assert.deepEqual(
    [described.body.result.description, described.body.result.num_referencing_filters],
    ['d', 1],
  );
  assert.deepEqual(free.body.result, { id });
});

test('a rule compares a list with what the list holds', async () => {
  await make('asn', 'networks');
  const entry = `/zones/${zoneId}/rulesets/phases/http_request_firewall_custom/entrypoint`;

  const answer = await control.call('PUT', entry, {
    rules: [{ expression: 'ip.src in $networks', action: 'log' }],
  });

  assert.deepEqual(faultsOf(answer), [[1508, '/rules/0/expression']]);
});

test('items are bounded in number and bytes', async () => {
  const id = await make('number');
  const text = await make('string');
  const numbers = Array.from({ length: 10_000 }, (_, i) => ({ number: i }));
  const long = Array.from({ length: 520 }, (_, i) => ({ string: String(i).padEnd(1_024, 'x') }));

  const full = await control.call('PUT', `${path}/${id}/items`, numbers);
  const beyond = await control.call('POST', `${path}/${id}/items`, [{ number: -1 }]);
  const large = await control.call('PUT', `${path}/${text}/items`, long);

  assert.equal(full.body.result.num_items, 10_000);
  assert.deepEqual([beyond.status, faultsOf(beyond)], [409, [[1703, undefined]]]);
  assert.deepEqual(faultsOf(large), [[1703, undefined]]);
});

test('a zone does not reach the lists of another', async () => {
  const id = await make();
  const other = 'f'.repeat(32);
  await control.call('POST', '/zones', { name: 'other', id: other });

  for (const [method, rest, body] of [
    ['GET', '', undefined],
    ['GET', '/items', undefined],
    ['PUT', '', { description: 'mine' }],
    ['POST', '/items', []],
    ['DELETE', '', undefined],
  ] as const) {
    const answer = await control.call(method, `/zones/${other}/rules/lists/${id}${rest}`, body);
    assert.deepEqual([answer.status, faultsOf(answer)], [404, [[1700, undefined]]], `${method} ${rest}`);
  }
});
