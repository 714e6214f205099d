import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import {
  type Answer,
  faultsOf,
  type Harness,
  makeOperations,
  makeZone,
  startHarness,
  zoneId,
} from './harness.test-kit.ts';

const path = `/zones/${zoneId}/api_gateway/seqrules`;
const unknownId = 'eeeeeeee-0000-4000-8000-000000000000';
let control: Harness;
let now = Date.UTC(2026, 10, 21, 12);
let sequence: readonly string[] = [];
let elsewhere: readonly string[] = [];

before(async () => {
  control = await startHarness({ clock: { now: () => now } });
  await makeZone(control);
  sequence = await makeOperations(control, ['/start', '/end']);
  elsewhere = await makeOperations(control, ['/other'], 'other.example.com');
});
after(() => control.close());
beforeEach(async () => {
  now += 1_000;
  await control.call('PUT', path, { rules: [] });
});

const rule = (title: string, more: object = {}) => ({
  title,
  kind: 'allow',
  action: 'block',
  sequence,
  ...more,
});
const add = (title: string, more: object = {}): Promise<Answer> => {
  now += 1;
  return control.call('POST', `${path}/rules`, rule(title, more));
};
const titles = async (): Promise<string> => {
  const { body } = await control.call('GET', path);
  const rules = body.result.rules as { title: string; position: number }[];
  assert.deepEqual(
    rules.map((each) => each.position),
    rules.map((_, i) => i + 1),
  );
  return rules.map((each) => each.title).join('');
};

test('adds a rule and shows it', async () => {
  const added = await add('before checkout');

  assert.equal(added.status, 200);
  const { id, created_at, ...rest } = added.body.result;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.match(created_at, /^2026-11-21T12:00:\d\d\.\d{3}000Z$/);
  assert.deepEqual(rest, {
    ...rule('before checkout'),
    position: 1,
    rollout_percent: 100,
    last_updated: created_at,
  });
  assert.deepEqual((await control.call('GET', `${path}/rules/${id}`)).body.result, added.body.result);
});

test('a rule without a position goes to the end, one with an index moves the later ones back', async () => {
  for (const title of ['a', 'b', 'c']) await add(title);
  await add('x', { position: { index: 1 } });
  await add('y', { position: { index: 3 } });
  await add('z', { position: { index: 6 } });

  assert.equal(await titles(), 'xaybcz');
});

test('rules that only move keep their last_updated', async () => {
  const first = await add('a');
  await add('b', { position: { index: 1 } });

  const moved = await control.call('GET', `${path}/rules/${first.body.result.id}`);

  assert.deepEqual(moved.body.result, { ...first.body.result, position: 2 });
});

test('places rules of older clients by priority, higher first, ties by age', async () => {
  await add('a', { priority: 10 });
  await add('b', { priority: 30 });
  await add('c', { priority: 20 });
  await add('d', { priority: 30 });
  await add('e', { priority: -5 });
  await add('f');

  assert.equal(await titles(), 'bdcaef');
});

test('a changed priority moves a rule, a position in its place forgets it', async () => {
  const a = (await add('a', { priority: 10 })).body.result.id;
  await add('b', { priority: 10 });
  await add('c', { priority: 5 });

  await control.call('PATCH', `${path}/rules/${a}`, { priority: 1 });
  assert.equal(await titles(), 'bca');
  await control.call('PATCH', `${path}/rules/${a}`, { priority: 10 });
  assert.equal(await titles(), 'abc');
  await control.call('PATCH', `${path}/rules/${a}`, { position: { index: 3 } });
  await add('d', { priority: 1 });
  assert.equal(await titles(), 'bcad');
});

test('changes what is given and leaves the rest', async () => {
  const added = (await add('a')).body.result;
  await add('b');
  now += 5_000;

  const patched = await control.call('PATCH', `${path}/rules/${added.id}`, { title: 'A', action: 'log' });

  assert.deepEqual(patched.body.result, {
    ...added,
    title: 'A',
    action: 'log',
    last_updated: new Date(now).toISOString().replace('Z', '000Z'),
  });
});

test('moves a rule by its position, down and up', async () => {
  for (const title of ['a', 'b', 'c']) await add(title);
  const { body } = await control.call('GET', path);
  const [a, , c] = body.result.rules.map((each: { id: string }) => each.id);

  await control.call('PATCH', `${path}/rules/${a}`, { position: { index: 2 } });
  assert.equal(await titles(), 'bac');
  await control.call('PATCH', `${path}/rules/${c}`, { position: { index: 1 } });
  assert.equal(await titles(), 'cba');
});

test('a roll-out is kept through other changes, and position and priority hold with it', async () => {
  const a = (await add('a', { rollout_percent: 10, priority: 5 })).body.result;
  const b = (await add('b', { rollout_percent: 0, priority: 9 })).body.result;
  const one = `${path}/rules/${a.id}`;

  const renamed = await control.call('PATCH', one, { title: 'A' });
  const moved = await control.call('PATCH', one, { position: { index: 1 } });
  const all = await control.call('PATCH', one, { rollout_percent: 100 });
  const refused = await control.call('PATCH', one, { rollout_percent: 101 });

  assert.deepEqual([a.rollout_percent, b.rollout_percent], [10, 0]);
  assert.equal(renamed.body.result.rollout_percent, 10);
  assert.deepEqual([moved.body.result.position, moved.body.result.rollout_percent], [1, 10]);
  assert.equal(all.body.result.rollout_percent, 100);
  assert.deepEqual(faultsOf(refused), [[1004, '/rollout_percent']]);
  assert.equal(await titles(), 'Ab');
});

test('deletes a rule and closes the gap', async () => {
  await add('a');
  const { id } = (await add('b')).body.result;
  await add('c');

  const deleted = await control.call('DELETE', `${path}/rules/${id}`);

  assert.deepEqual(deleted.body.result, { id });
  assert.equal(await titles(), 'ac');
  for (const method of ['GET', 'DELETE']) {
    const gone = await control.call(method, `${path}/rules/${id}`);
    assert.deepEqual([gone.status, faultsOf(gone)], [404, [[1500, undefined]]]);
  }
});

test('replaces all rules by a list whose order counts', async () => {
  await add('old');

  const replaced = await control.call('PUT', path, { rules: [rule('c'), rule('a'), rule('b')] });

  assert.deepEqual(
    replaced.body.result.rules.map((each: { title: string; position: number }) => [
      each.title,
      each.position,
    ]),
    [
      ['c', 1],
      ['a', 2],
      ['b', 3],
    ],
  );
  assert.equal(await titles(), 'cab');
});

test('a rule that is named by its id in the list stays that rule', async () => {
  const old = (await add('old')).body.result;
  now += 1_000;

  const { body } = await control.call('PUT', path, { rules: [rule('new'), rule('renamed', { id: old.id })] });

  const kept = body.result.rules[1];
  assert.equal(kept.id, old.id);
  assert.equal(kept.created_at, old.created_at);
  assert.notEqual(kept.last_updated, old.last_updated);
});

test('a list with priorities is ordered by them', async () => {
  await control.call('PUT', path, {
    rules: [rule('a', { priority: 1 }), rule('b', { priority: 7 }), rule('c', { priority: 7 })],
  });

  assert.equal(await titles(), 'bca');
});

test('refuses position, mixed priorities and wrong ids in a list, all at once', async () => {
  const { id } = (await add('a')).body.result;

  const refused = await control.call('PUT', path, {
    rules: [rule('a', { position: { index: 1 } }), rule('b', { id: unknownId })],
  });
  const mixed = await control.call('PUT', path, { rules: [rule('a', { priority: 1 }), rule('b')] });
  const twice = await control.call('PUT', path, { rules: [rule('a', { id }), rule('b', { id })] });

  assert.deepEqual(faultsOf(refused), [
    [1504, '/rules/0/position'],
    [1507, '/rules/1/id'],
  ]);
  assert.deepEqual(faultsOf(mixed), [[1504, '/rules/1']]);
  assert.deepEqual(faultsOf(twice), [[1506, '/rules/1/id']]);
  assert.equal(await titles(), 'a');
});

test('names all faults of a rule at once', async () => {
  const answer = await control.call('POST', `${path}/rules`, {
    title: '',
    kind: 'deny',
    sequence: [unknownId, 'x'],
    position: { index: 0 },
    priority: 1,
    enabled: true,
  });

  assert.deepEqual(faultsOf(answer).toSorted(), [
    [1004, '/action'],
    [1004, '/kind'],
    [1004, '/position/index'],
    [1004, '/sequence/1'],
    [1004, '/title'],
    [1005, '/enabled'],
    [1501, '/sequence/0'],
    [1504, '/priority'],
  ]);
});

test('refuses operations that are not saved, and operations of two hosts', async () => {
  const unknown = await add('a', { sequence: [unknownId, sequence[1]] });
  const hosts = await add('a', { sequence: [sequence[0], elsewhere[0]] });
  const three = await add('a', { sequence: [...sequence, sequence[0]] });

  assert.deepEqual(faultsOf(unknown), [[1501, '/sequence/0']]);
  assert.deepEqual(faultsOf(hosts), [[1502, '/sequence']]);
  assert.deepEqual(faultsOf(three), [[1004, '/sequence']]);
});

test('counts the characters of a title as code points', async () => {
  const fifty = await add('🛒'.repeat(50));
  const more = await add('🛒'.repeat(51));

  assert.equal(fifty.status, 200);
  assert.deepEqual(faultsOf(more), [[1004, '/title']]);
});

test('refuses positions beyond the end', async () => {
  const { id } = (await add('a')).body.result;

  const added = await add('b', { position: { index: 3 } });
  const moved = await control.call('PATCH', `${path}/rules/${id}`, { position: { index: 2 } });

  assert.deepEqual(faultsOf(added), [[1503, '/position/index']]);
  assert.deepEqual(faultsOf(moved), [[1503, '/position/index']]);
});

test('refuses position and priority together', async () => {
  const added = await add('b', { position: { index: 1 }, priority: 1 });

  assert.deepEqual(faultsOf(added), [[1504, '/priority']]);
});

test('refuses a rule beyond the limit of a zone', async () => {
  const full = await control.call('PUT', path, {
    rules: Array.from({ length: 1_000 }, (_, i) => rule(`${i}`)),
  });

  const beyond = await add('one more');

  assert.equal(full.status, 200);
  assert.deepEqual([beyond.status, faultsOf(beyond)], [409, [[1505, undefined]]]);
});

test('concurrent additions each get a place of their own', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => add(`${i}`, { position: { index: 1 } })),
  );

  assert.deepEqual(
    answers.map((answer) => answer.status),
    Array(20).fill(200),
  );
  await titles();
  const { body } = await control.call('GET', path);
  assert.equal(body.result.rules.length, 20);
});

test('any series of insertions, moves and deletions keeps the order a plain list would have', async () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'move', 'remove'), from: fc.nat(), to: fc.nat() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await control.call('PUT', path, { rules: [] });
      const model: string[] = [];
      const ids = new Map<string, string>();
      for (const [i, { kind, from, to }] of steps.entries()) {
        const title = kind === 'add' ? String.fromCharCode(97 + i) : model[from % (model.length || 1)];
        if (title === undefined) continue;
        if (kind !== 'add') model.splice(model.indexOf(title), 1);
        const at = to % (model.length + 1);
        if (kind !== 'remove') model.splice(at, 0, title);
        const position = { index: at + 1 };
        const one = `${path}/rules/${ids.get(title)}`;
        if (kind === 'add') ids.set(title, (await add(title, { position })).body.result.id);
        else if (kind === 'move') await control.call('PATCH', one, { position });
        else await control.call('DELETE', one);
      }
      assert.equal(await titles(), model.join(''));
    }),
    { numRuns: 25 },
  );
});
