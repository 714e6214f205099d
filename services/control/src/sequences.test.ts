import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { faultsOf, type Harness, zoneId } from './harness.test-kit.ts';
import { deletedShortId, millis, type ScoreRow, type ScoresKit, startScoresKit } from './scores.test-kit.ts';

const path = `/zones/${zoneId}/api_gateway/sequences`;
const computedMs = Date.UTC(2026, 10, 21, 11, 59, 30, 250);
let kit: ScoresKit;
let control: Harness;
let ids: readonly string[] = [];

before(async () => {
  kit = await startScoresKit();
  control = kit.control;
  ids = kit.ids;
});
after(() => kit?.close());

const store = (generation: number, rows: readonly ScoreRow[]): Promise<void> =>
  kit.store({ computedMs: computedMs + generation, generation }, rows);

const mark = (generation: number, positions: Record<string, number> = {}): Promise<void> =>
  kit.mark({ computedMs: computedMs + generation, generation, positions });

test('before the first snapshot the list is empty and says why', async () => {
  const { status, body } = await control.call('GET', path);

  assert.equal(status, 200);
  assert.deepEqual(body.result, []);
  assert.match(body.messages[0].message, /no scores/);
});

test('shows the newest complete snapshot, best score first, with names', async () => {
  await store(1, [['precedence', [0, 1], 0.9, 900]]);
  await mark(1, { 0: 10 });
  await store(2, [
    ['precedence', [0, 1], 0.25, 30],
    ['precedence', [1, 2], 0.75, 90],
    ['precedence', [0, 1, 2], 0.75, 80],
    ['precedence', [2, 0], 0.99, 5, 0],
    ['correlation', [0, 0], 1, 44],
    ['lookback', [0, 2], 0.5, 60],
  ]);
  await mark(2, { 0: 20, 1: 7 });
  await store(3, [['precedence', [0, 1], 1, 1_000]]);

  const { body } = await control.call('GET', path);

  assert.deepEqual(
    body.result.map((each: { score: number; support: number }) => [each.score, each.support]),
    [
      [0.75, 90],
      [0.75, 80],
      [0.25, 30],
    ],
  );
  const [first] = body.result;
  const named = (i: number, endpoint: string) => ({
    operation_id: ids[i],
    method: 'GET',
    host: 'api.example.com',
    endpoint,
    short_id: ids[i]?.slice(0, 8),
  });
  assert.deepEqual(first, {
    id: `precedence.${ids[1]?.slice(0, 8)}.${ids[2]?.slice(0, 8)}`,
    operations: [named(1, '/b'), named(2, '/c')],
    score: 0.75,
    low: 0.375,
    high: 0.75,
    support: 90,
    last_support: 1_000,
    sessions: 7,
    undercount: 0,
  });
  assert.deepEqual(body.result_info, { page: 1, per_page: 20, count: 3, total_count: 3, total_pages: 1 });
  assert.equal(body.messages[0].computed_at, '2026-11-21T11:59:30.252000Z');
  assert.deepEqual(body.messages[0].window, {
    from: '2026-11-20T11:00:00.000000Z',
    to: '2026-11-21T11:59:30.252000Z',
  });
  assert.equal(body.messages[0].is_exact, true);
});

test('filters by kind, support, score, length, host and operation', async () => {
  const supports = async (query: string) =>
    (await control.call('GET', `${path}?${query}`)).body.result.map(
      (each: { support: number }) => each.support,
    );

  assert.deepEqual(await supports('kind=correlation'), [44]);
  assert.deepEqual(await supports('kind=lookback'), [60]);
  assert.deepEqual(await supports('min_support=80'), [90, 80]);
  assert.deepEqual(await supports('min_score=0.5'), [90, 80]);
  assert.deepEqual(await supports('length=3'), [80]);
  assert.deepEqual(await supports('host=other.example.com'), []);
  assert.deepEqual(await supports('host=API.example.com&length=2'), [90, 30]);
  assert.deepEqual(await supports(`operation=${ids[0]}&operation[]=${ids[2]?.slice(0, 8)}`), [80]);
  assert.deepEqual(await supports('listed=all'), [5, 90, 80, 30]);
});

test('sorts and pages, the same order on every page', async () => {
  const page = async (n: number) =>
    (await control.call('GET', `${path}?order=support&direction=asc&per_page=1&page=${n}`)).body;

  const pages = [await page(1), await page(2), await page(3), await page(4)];

  assert.deepEqual(
    pages.map((each) => each.result.map((one: { support: number }) => one.support)),
    [[30], [80], [90], []],
  );
  assert.equal(pages[0].result_info.total_pages, 3);
});

test('shows a deleted operation by the name ClickHouse kept, or by its short id alone', async () => {
  await store(4, [['precedence', [0, 99], 0.5, 50]]);
  await mark(4);
  const operations = async () => (await control.call('GET', path)).body.result[0].operations;

  const [, unknown] = await operations();
  await kit.clickhouse.insert(
    'operations',
    [
      'zone_id',
      'short_id',
      'operation_id',
      'method',
      'host',
      'endpoint',
      'last_updated',
      'is_deleted',
      'revision',
    ],
    [[zoneId, deletedShortId, 'deadbeef-0000-4000-8000-000000000000', 'PUT', 'h', '/gone', millis(0), 1, 5]],
  );
  const [, kept] = await operations();

  assert.deepEqual(unknown, {
    operation_id: null,
    method: null,
    host: null,
    endpoint: null,
    short_id: 'deadbeef',
  });
  assert.deepEqual(kept, {
    operation_id: 'deadbeef-0000-4000-8000-000000000000',
    method: 'PUT',
    host: 'h',
    endpoint: '/gone',
    short_id: 'deadbeef',
  });
});

test('refuses query values out of range, all at once', async () => {
  const answer = await control.call(
    'GET',
    `${path}?kind=x&min_score=1.5&min_support=-1&length=10&operation=zz&limit=3&order=name`,
  );

  assert.equal(answer.status, 400);
  assert.deepEqual(new Set(faultsOf(answer).map(([code]) => code)), new Set([1006]));
  assert.equal(answer.body.errors.length, 7);
});

test('tells how far each stage of the pipeline is', async () => {
  await kit.clickhouse.insert('count_progress', ['partition', 'position'], [[0, 12]]);
  await kit.clickhouse.insert('count_progress', ['partition', 'position'], [[0, 11]]);

  const { body } = await control.call('GET', `/zones/${zoneId}/api_gateway/pipeline`);

  assert.deepEqual(body.result, {
    requests: [
      { partition: 0, end: 0, committed: null },
      { partition: 1, end: 0, committed: null },
    ],
    sequences: [
      { partition: 0, end: 0, stored: 12 },
      { partition: 1, end: 0, stored: null },
    ],
    snapshot: { computed_at: '2026-11-21T11:59:30.254000Z', positions: { 0: 20, 1: 7 } },
  });
});

test('a zone without a snapshot has none in its progress', async () => {
  const { body } = await control.call('POST', '/zones', { name: 'empty' });

  const answer = await control.call('GET', `/zones/${body.result.id}/api_gateway/pipeline`);

  assert.equal(answer.body.result.snapshot, null);
});

test('makes the list anew for a support of the asker: folding and the top 20 depend on it', async () => {
  await store(5, [
    // Folded by the ranker, and again under the longer one at 96, but not at 97.
    ['precedence', [1, 2], 0.9, 100, 0],
    ['precedence', [0, 1, 2], 0.8, 96],
    // Too rare for the ranker.
    ['precedence', [2, 0], 0.7, 4, 0],
    ...Array.from(
      { length: 21 },
      (_, i) => ['correlation', [0, i % 3, i % 2, 1], 1 - i / 100, i + 1] as const,
    ),
  ]);
  await mark(5);
  const supports = async (query: string) =>
    (await control.call('GET', `${path}?per_page=100&${query}`)).body.result.map(
      (each: { support: number }) => each.support,
    );

  assert.deepEqual(await supports('min_support=97'), [100]);
  assert.deepEqual(await supports('min_support=96'), [96]);
  assert.deepEqual(await supports('min_support=1'), [96, 4]);
  assert.deepEqual(await supports('min_support=5&listed=all'), [100, 96]);
  assert.equal((await supports('kind=correlation&min_support=1')).length, 20);
  assert.equal((await supports('kind=correlation&min_support=2')).at(-1), 21);
});

test('when ClickHouse goes, scores are 503 and the rest goes on', async () => {
  await kit.server.close();

  const sequences = await control.call('GET', path);
  const operations = await control.call('GET', `/zones/${zoneId}/api_gateway/operations`);

  assert.deepEqual([sequences.status, faultsOf(sequences)], [503, [[1903, undefined]]]);
  assert.equal(operations.status, 200);
});
