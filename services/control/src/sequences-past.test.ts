/** The list of sequences at a past time: which snapshot it is of, and what is no longer kept. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { faultsOf, zoneId } from './harness.test-kit.ts';
import { type ScoresKit, startScoresKit } from './scores.test-kit.ts';

const path = `/zones/${zoneId}/api_gateway/sequences`;
const otherZone = 'f'.repeat(32);
const noon = Date.UTC(2026, 10, 21, 12);
const minutes = (n: number): number => noon + n * 60_000;
let kit: ScoresKit;

before(async () => {
  kit = await startScoresKit();
  await kit.control.call('POST', '/zones', { name: 'bank', id: otherZone });
  const whole = { rowCount: 1, listedCount: 1 };
  await kit.store({ computedMs: minutes(0), generation: 10 }, [['precedence', [0, 1], 0.1, 10]]);
  await kit.mark({ computedMs: minutes(0), generation: 10, ...whole });
  // Two rankers at one minute, and the one with the higher generation has the slower clock.
  await kit.store({ computedMs: minutes(10), generation: 20 }, [['precedence', [0, 1], 0.2, 20]]);
  await kit.mark({ computedMs: minutes(10), generation: 20, ...whole });
  await kit.store({ computedMs: minutes(9), generation: 30 }, [['precedence', [0, 1], 0.3, 30]]);
  await kit.mark({ computedMs: minutes(9), generation: 30, ...whole });
  // Half written: the ranker died before the marker.
  await kit.store({ computedMs: minutes(20), generation: 40 }, [['precedence', [0, 1], 0.4, 40]]);
  // Of the unlisted rows one is gone, of the next snapshot a listed one.
  await kit.store({ computedMs: minutes(30), generation: 50 }, [
    ['precedence', [0, 1], 0.5, 50],
    ['precedence', [1, 2], 0.6, 5, 0],
  ]);
  await kit.mark({ computedMs: minutes(30), generation: 50, rowCount: 3, listedCount: 1 });
  await kit.store({ computedMs: minutes(40), generation: 60 }, [['precedence', [0, 1], 0.6, 60]]);
  await kit.mark({ computedMs: minutes(40), generation: 60, rowCount: 2, listedCount: 2 });
  await kit.store({ computedMs: minutes(50), generation: 70 }, [['precedence', [0, 1], 0.7, 70]]);
  await kit.mark({ computedMs: minutes(50), generation: 70, ...whole });
  await kit.mark({ computedMs: minutes(50), generation: 70, advanced: 1, ...whole });
  await kit.store({ computedMs: minutes(5), generation: 99, zone: otherZone }, [
    ['precedence', [0, 1], 0.9, 90],
  ]);
  await kit.mark({ computedMs: minutes(5), generation: 99, zone: otherZone, ...whole });
});
after(() => kit?.close());

const at = async (ms: number, more = '', zone = zoneId) => {
  const time = new Date(ms).toISOString();
  const url = `/zones/${zone}/api_gateway/sequences?at=${time}${more}`;
  return (await kit.control.call('GET', url)).body;
};
const supports = (body: { result: readonly { support: number }[] }) =>
  body.result.map((each) => each.support);

test('takes the newest complete snapshot computed at or before the time, and says which', async () => {
  const exactly = await at(minutes(0));
  const between = await at(minutes(8));
  const newest = (await kit.control.call('GET', path)).body;

  assert.deepEqual([supports(exactly), supports(between), supports(newest)], [[10], [10], [70]]);
  assert.equal(between.messages[0].message, 'scores computed at 2026-11-21T12:00:00.000000Z');
  assert.equal(between.messages[0].computed_at, '2026-11-21T12:00:00.000000Z');
  assert.deepEqual(between.messages[0].window, {
    from: '2026-11-20T12:00:00.000000Z',
    to: '2026-11-21T12:00:00.000000Z',
  });
  assert.equal(between.messages[0].has_unlisted, true);
});

test('of two generations the higher one stands, whatever the clocks of the rankers say', async () => {
  assert.deepEqual(supports(await at(minutes(9))), [30]);
  assert.deepEqual(supports(await at(minutes(10))), [30]);
});

test('rows without a marker are never shown', async () => {
  assert.deepEqual(supports(await at(minutes(20))), [30]);
  assert.deepEqual(supports(await at(minutes(29))), [30]);
});

test('a time in the future shows the newest', async () => {
  assert.deepEqual(supports(await at(minutes(10_000))), [70]);
});

test('before the oldest snapshot that is kept the list is empty and says from when on there is one', async () => {
  const body = await at(minutes(0) - 1);

  assert.deepEqual([body.result, body.result_info.total_count], [[], 0]);
  assert.match(
    body.messages[0].message,
    /no scores computed at or before 2026-11-21T11:59:59.999000Z are kept; the oldest are of 2026-11-21T12:00:00/,
  );
});

test('where unlisted rows are gone it says so and lists no sequence anew', async () => {
  const listed = await at(minutes(30));
  const all = await at(minutes(30), '&listed=all');
  const own = await at(minutes(30), '&min_support=4');
  const ownHigh = await at(minutes(30), '&min_support=51');

  assert.deepEqual(
    [supports(listed), supports(all), supports(own), supports(ownHigh)],
    [[50], [50], [50], []],
  );
  assert.equal(listed.messages.length, 1);
  assert.equal(listed.messages[0].has_unlisted, false);
  for (const body of [all, own, ownHigh])
    assert.match(body.messages[1].message, /unlisted sequences .* no longer kept/);
});

test('a snapshot of which listed rows are gone shows nothing rather than a part', async () => {
  const body = await at(minutes(45));

  assert.deepEqual(body.result, []);
  assert.match(body.messages[0].message, /12:40:00.000000Z are no longer kept whole/);
});

test('takes the time as any offset writes it', async () => {
  const offset = await kit.control.call('GET', `${path}?at=2026-11-21T14:10:00.123456%2B02:00`);

  assert.deepEqual(supports(offset.body), [30]);
});

test('refuses times that are none', async () => {
  for (const text of [
    'yesterday',
    '2026-11-21',
    '2026-02-30T00:00:00Z',
    '2026-11-21T14:10:00+02:00',
    '1',
    '',
  ]) {
    const answer = await kit.control.call('GET', `${path}?at=${text}`);

    assert.deepEqual([answer.status, faultsOf(answer)], [400, [[1006, undefined]]], text);
    assert.match(answer.body.errors[0].message, /^query parameter at: must be a time/);
  }
});

test('shows nothing of another zone', async () => {
  assert.deepEqual(supports(await at(minutes(5), '', otherZone)), [90]);
  assert.deepEqual(supports(await at(minutes(5))), [10]);
  assert.deepEqual(supports(await at(minutes(4), '', otherZone)), []);
});

test('filters by the first and the last operation', async () => {
  const [a, b, c] = kit.ids;
  await kit.store({ computedMs: minutes(60), generation: 80 }, [
    ['precedence', [0, 1], 0.9, 11],
    ['precedence', [1, 2], 0.8, 12],
    ['precedence', [0, 1, 2], 0.7, 13],
    ['precedence', [2, 0], 0.6, 14],
  ]);
  await kit.mark({ computedMs: minutes(60), generation: 80, rowCount: 4, listedCount: 4 });
  const found = async (query: string) => supports((await kit.control.call('GET', `${path}?${query}`)).body);

  assert.deepEqual(await found(`first_operation=${a}`), [11, 13]);
  assert.deepEqual(await found(`last_operation=${c?.slice(0, 8)}`), [12, 13]);
  assert.deepEqual(await found(`last_operation=${c}&last_operation=${b}`), [11, 12, 13]);
  assert.deepEqual(await found(`first_operation=${a}&last_operation=${c}`), [13]);
  assert.deepEqual(await found(`first_operation[]=${b}&last_operation[]=${a}`), []);
});
