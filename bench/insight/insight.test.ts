import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abuseKinds, contaminatedDay } from './abuse.ts';
import { ApiSession, habit, journeys, operationCount, requiredBefore } from './api.ts';
import { aucOf } from './auc.ts';
import { independentPairs, markovSessions } from './chains.ts';
import { countDirectly, countThroughWindows } from './count.ts';
import { judge, qualityOf, readUntilFound, requiredPairs, ways } from './lists.ts';
import { SessionKind, sessionOf } from './traffic.ts';
import { PlantedSample } from './truth.ts';

const dayOf = (sessions: number, noise: number) =>
  Array.from({ length: sessions }, (_, i) => sessionOf(1, i, noise));
const sorted = (counts: ReturnType<typeof countDirectly>) =>
  counts.map((each) => `${each.operations}: ${each.occurrences} in ${each.sessions}`).sort();

test('the API refuses a step before the one it requires, and a journey done twice by halves', () => {
  for (const way of ways) {
    const inOrder = new ApiSession();
    assert.deepEqual(
      way.filter((each) => !inOrder.call(each)),
      [],
    );

    const late = way.slice(1);
    const backwards = new ApiSession();
    assert.deepEqual(
      late.toReversed().filter((each) => backwards.call(each)),
      [],
    );
    // Its last step has ended it: what led there counts no more.
    assert.equal(inOrder.call(way[1] as number), false);
  }
});

test('people are refused nothing where nothing disturbs them, and follow up nothing that is refused', () => {
  const calm = dayOf(500, 0);
  const noisy = dayOf(500, 0.3).filter((each) => each.kind === SessionKind.person);

  assert.ok(calm.every((each) => each.refused === 0 && each.requests.length > 0));
  assert.ok(noisy.some((each) => each.refused > 0));
  const ends = new Set(journeys.map(({ steps }) => steps.at(-1)?.[0]));
  const completed = calm.filter((each) => each.requests.some(({ operation }) => ends.has(operation)));
  assert.ok(completed.length > 200);
});

test('a session has times that rise, and is the same again from the same seed', () => {
  for (const session of dayOf(300, 0.15)) {
    const times = session.requests.map((each) => each.timeMs);
    assert.ok(times.every((each, i) => i === 0 || each > (times[i - 1] ?? 0)));
  }
  assert.deepEqual(sessionOf(3, 9, 0.05), sessionOf(3, 9, 0.05));
});

test('the windows, fed out of order, count what a plain look at the sessions counts', () => {
  const sessions = dayOf(400, 0.15);

  assert.deepEqual(sorted(countThroughWindows(sessions)), sorted(countDirectly(sessions)));
});

test('a sequence is right where each operation is required before the next, at once or further back', () => {
  const checkout =
    journeys.find((each) => each.name === 'checkout')?.steps.map((step) => step[0] as number) ?? [];
  const [cart = 0, start = 0, , card = 0, confirm = 0] = checkout;

  assert.deepEqual(
    [checkout, [cart, confirm], [start, card], habit, [...habit, cart], [confirm, cart], [card, start]].map(
      judge,
    ),
    ['required', 'required', 'required', 'habit', 'wrong', 'wrong', 'wrong'],
  );
  assert.equal(
    requiredPairs.filter(([from, to]) => !requiredBefore(to ?? -1).includes(from ?? -1)).length,
    0,
  );
});

test('a list of all ways is all right and finds everything, and what stands before them is read on the way', () => {
  const list = ways.map((operations) => ({ operations, score: 1 }));
  const behindNoise = [{ operations: [0, operationCount - 1], score: 2 }, ...list];

  assert.deepEqual(qualityOf(list), { precision: 1, withHabit: 1, pairs: 1, ways: 1 });
  assert.equal(readUntilFound(behindNoise, ways)?.wrong, 1);
  assert.equal(readUntilFound(list.slice(0, 3), ways), null);
});

test('the planted probability of a sequence is its share of the occurrences of its last operation', () => {
  const sessions = dayOf(300, 0.05);
  const counts = new Map(countDirectly(sessions).map((each) => [each.operations.join(), each]));
  const wanted = [...counts.values()].filter((each) => each.operations.length > 1 && each.occurrences > 10);

  const sample = new PlantedSample(wanted.map((each) => each.operations));
  for (const { requests } of sessions)
    sample.add(
      requests.map((each) => each.operation).filter((each, i) => each !== requests[i - 1]?.operation),
    );

  assert.ok(wanted.length > 50);
  for (const { operations, occurrences } of wanted) {
    const planted = sample.plantedOf(operations);
    const last = counts.get(String(operations.at(-1)))?.occurrences ?? 0;
    assert.ok(Math.abs(planted.probability - occurrences / last) < 1e-12);
    assert.ok(Math.abs(planted.perSession - occurrences / sessions.length) < 1e-12);
  }
});

test('occurrences that come in pairs have twice the variance of independent ones', () => {
  const sample = new PlantedSample([[1, 2]]);

  for (let i = 0; i < 100; i += 1) sample.add(i < 50 ? [1, 2, 1, 2] : [3, 2, 3, 2]);

  assert.ok(Math.abs(sample.plantedOf([1, 2]).designEffect - 2) < 1e-9);
});

test('the exact probabilities of the two generators are what a large sample shows', () => {
  for (const generator of [independentPairs(), markovSessions()]) {
    const wanted =
      generator.sessionOf(1, 1).length === 2
        ? [
            [0, 10],
            [3, 14],
          ]
        : [
            [0, 1],
            [5, 2],
            [3, 4, 5],
          ];
    const sample = new PlantedSample(wanted);
    for (let session = 0; session < 60_000; session += 1) sample.add(generator.sessionOf(5, session));

    for (const operations of wanted)
      assert.ok(
        Math.abs(sample.plantedOf(operations).probability - generator.probabilityOf(operations)) < 0.01,
        `${generator.name} ${operations}`,
      );
  }
});

test('the AUC is the share of pairs that are in order, ties half', () => {
  assert.equal(aucOf([3, 4], [1, 2]), 1);
  assert.equal(aucOf([1, 2], [3, 4]), 0);
  assert.equal(aucOf([1, 3], [1, 2]), (0.5 + 0 + 1 + 1) / 4);
  assert.throws(() => aucOf([Number.NaN], [1]));
});

test('every hundredth session is abuse, of every kind in turn', () => {
  const day = contaminatedDay(1, 1_000, 0.01);

  const kinds = day.map((each) => each.abuse).filter((each) => each !== null);
  assert.deepEqual(kinds, [...abuseKinds, ...abuseKinds]);
});
