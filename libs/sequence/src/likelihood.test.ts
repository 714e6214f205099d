import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildModel, type Model, modelFromRows, modelRows, sessionLikelihood } from './likelihood.ts';
import { entropyAt, probabilityAt } from './likelihood-chain.ts';
import { type ModelOptions, START } from './likelihood-rows.ts';
import type { SequenceCount } from './table.ts';

const collapse = (operations: readonly number[]): number[] =>
  operations.filter((each, i) => each !== operations[i - 1]);

/** Every slice of every session, up to nine operations. */
const countsOf = (sessions: readonly (readonly number[])[]): SequenceCount[] => {
  const found = new Map<string, { operations: number[]; occurrences: number; in: Set<number> }>();
  sessions.forEach((session, number) => {
    const operations = collapse(session);
    for (let from = 0; from < operations.length; from += 1)
      for (let to = from + 1; to <= Math.min(operations.length, from + 9); to += 1) {
        const slice = operations.slice(from, to);
        const known = found.get(slice.join()) ?? { operations: slice, occurrences: 0, in: new Set() };
        known.occurrences += 1;
        known.in.add(number);
        found.set(slice.join(), known);
      }
  });
  return [...found.values()].map((each) => ({ ...each, sessions: each.in.size }));
};

const everything: ModelOptions = { maxContext: 3, maxContexts: 1_000_000, minOccurrences: 1, minSessions: 1 };
const session = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 20 });
const sessions = fc.array(session, { maxLength: 15 });
const unknown = 99;

/** From the sessions themselves: what stood where, the start written before each, one order backing off to the next by recursion. */
const naiveProbability = (all: readonly (readonly number[])[], context: readonly number[], next: number) => {
  const marked = all.map((each) => [START, ...collapse(each)]);
  const after = (wanted: readonly number[]): number[] =>
    marked.flatMap((each) =>
      each.filter(
        (_, i) => i > 0 && i >= wanted.length && wanted.every((w, j) => each[i - wanted.length + j] === w),
      ),
    );
  const share = (wanted: readonly number[], asked: number): number => {
    const found = after(wanted);
    const followers = wanted.length === 0 ? found.filter((each) => each !== context.at(-1)) : found;
    const learnt = new Set(followers);
    const hits = followers.filter((each) => each === asked).length;
    if (hits > 0) return hits / (followers.length + learnt.size);
    if (wanted.length === 0) return learnt.size === 0 ? 1 : learnt.size / (followers.length + learnt.size);
    const shorter = wanted.slice(1);
    if (learnt.size === 0) return share(shorter, asked);
    const unlearnt = [0, 1, 2, 3, 4, unknown].filter((each) => !learnt.has(each) && each !== context.at(-1));
    const rest = unlearnt.reduce((sum, each) => sum + (isSeen(all, each) ? share(shorter, each) : 0), 0);
    const left = learnt.size / (followers.length + learnt.size);
    return (left * share(shorter, asked)) / rest;
  };
  return next === context.at(-1) ? 0 : share(context.slice(-3), next);
};
/** The unknown ones have one share together. */
const isSeen = (all: readonly (readonly number[])[], operation: number): boolean =>
  operation === unknown || all.some((each) => each.includes(operation));

const probabilityAfter = (model: Model, context: readonly number[], next: number): number =>
  probabilityAt(model.forwards, [...context, next], context.length);
const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

test('probabilities equal those of a plain count of the sessions', () => {
  fc.assert(
    fc.property(
      sessions,
      session,
      fc.boolean(),
      fc.integer({ min: 0, max: 5 }),
      (all, before, isStart, next) => {
        const context = [...(isStart ? [START] : []), ...collapse(before)];

        const model = buildModel(countsOf(all), everything);

        const expected = naiveProbability(all, context, next);
        assert.ok(near(probabilityAfter(model, context, next), expected));
      },
    ),
    { numRuns: 300 },
  );
});

test('probabilities sum to one over the known operations and an unknown one, whatever is left out', () => {
  const bounds = fc.record({
    maxContext: fc.integer({ min: 1, max: 5 }),
    maxContexts: fc.integer({ min: 2, max: 30 }),
    minOccurrences: fc.integer({ min: 1, max: 5 }),
    minSessions: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(sessions, session, bounds, (all, before, options) => {
      const model = buildModel(countsOf(all), options);
      const context = [START, ...collapse(before)];

      const known = new Set(all.flat());
      let sum = probabilityAfter(model, context, unknown);
      for (const each of known) sum += probabilityAfter(model, context, each);

      assert.ok(near(sum, 1), `sum ${sum}`);
      assert.ok(model.forwards.contexts <= options.maxContexts);
    }),
    { numRuns: 300 },
  );
});

test('a model of the rows, in any order, answers the same', () => {
  fc.assert(
    fc.property(sessions, session, (all, asked) => {
      const model = buildModel(countsOf(all), { ...everything, minOccurrences: 2 });

      const loaded = modelFromRows(JSON.parse(JSON.stringify(modelRows(model).reverse())));

      const [again, once] = [loaded, model].map((each) => sessionLikelihood(each, asked));
      assert.ok(near(again?.meanLogLoss ?? -1, once?.meanLogLoss ?? -2));
      assert.ok(near(again?.anomaly ?? -1, once?.anomaly ?? -2));
      assert.ok(near(again?.rarest?.probability ?? 1, once?.rarest?.probability ?? 1));
      assert.equal(again?.steps, once?.steps);
      assert.equal(loaded.forwards.contexts, model.forwards.contexts);
    }),
  );
});

test('the log-loss is finite, never negative, and the mean of its steps; the rarest is the least of them', () => {
  fc.assert(
    fc.property(
      sessions,
      fc.array(fc.constantFrom(0, 1, 2, unknown)),
      fc.boolean(),
      (all, asked, isWhole) => {
        const model = buildModel(countsOf(all), everything);

        const found = sessionLikelihood(model, asked, isWhole);

        const symbols = [...(isWhole ? [START] : []), ...collapse(asked)];
        const each = symbols.slice(1).map((to, i) => probabilityAfter(model, symbols.slice(0, i + 1), to));
        const loss = each.reduce((sum, probability) => sum - Math.log(probability), 0);
        assert.ok(found.meanLogLoss >= 0 && Number.isFinite(found.meanLogLoss));
        assert.ok(found.anomaly >= 0 && Number.isFinite(found.anomaly));
        assert.equal(found.steps, each.length);
        assert.ok(near(found.meanLogLoss * found.steps, loss));
        assert.equal(found.rarest?.probability, each.length === 0 ? undefined : Math.min(...each));
        assert.equal(found.rarest?.to, found.rarest === null ? undefined : asked[found.rarest.at]);
      },
    ),
  );
});

test('the entropy is the mean log-loss over all that may come, of either direction', () => {
  fc.assert(
    fc.property(sessions, session, fc.integer({ min: 1, max: 3 }), (all, before, minimum) => {
      const model = buildModel(countsOf(all), {
        ...everything,
        minSessions: minimum,
        minOccurrences: minimum,
      });
      const context = [START, ...collapse(before)];

      for (const chain of [model.forwards, model.backwards]) {
        let sum = 0;
        for (const next of new Set([...all.flat(), START, unknown])) {
          // Only one direction knows the start as something that comes; in the other it is one of the unknown.
          if (next === START && !chain.root.next.has(START)) continue;
          const probability = probabilityAt(chain, [...context, next], context.length);
          if (probability > 0) sum -= probability * Math.log(probability);
        }
        assert.ok(near(entropyAt(chain, [...context, unknown], context.length), sum));
      }
    }),
    { numRuns: 300 },
  );
});

test('read from the end, a model is that of the sessions reversed, up to their starts and ends', () => {
  fc.assert(
    fc.property(sessions, fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }), (all, one, two) => {
      fc.pre(one !== two);
      const model = buildModel(countsOf(all), everything);

      const backwards = probabilityAt(model.backwards, [two, one], 1);

      const places = all.flatMap((each) =>
        [START, ...collapse(each)].flatMap((to, i, list) => (to === two ? [list[i - 1]] : [])),
      );
      const hits = places.filter((each) => each === one).length;
      const kinds = new Set(places).size;
      if (hits > 0) assert.ok(near(backwards, hits / (places.length + kinds)));
      else {
        const rest = kinds / (places.length + kinds);
        // Where it is all of the rest, the last digit is that of a division there and a product here.
        assert.ok(backwards <= rest || near(backwards, rest) || kinds === 0);
      }
    }),
    { numRuns: 300, examples: [[[[0, 3, 0, 3, 0]], 1, 0]] },
  );
});

test('repeats of the operation before change nothing but the place', () => {
  const model = buildModel(countsOf([[1, 2, 3]]), everything);

  const plain = sessionLikelihood(model, [1, 2, 1]);
  const repeated = sessionLikelihood(model, [1, 1, 1, 2, 2, 1]);

  assert.equal(repeated.meanLogLoss, plain.meanLogLoss);
  assert.deepEqual([plain.rarest?.at, repeated.rarest?.at], [2, 5]);
});

const usual = Array.from({ length: 100 }, () => [1, 2, 3, 4]);

test('a skipped step, a skipped beginning and an operation never seen are each the rarest transition', () => {
  const model = buildModel(countsOf(usual));

  const transitions = [
    [1, 2, 4],
    [3, 4],
    [1, 2, 3, unknown],
  ].map((each) => sessionLikelihood(model, each).rarest);

  assert.deepEqual(
    transitions.map((each) => [each?.from, each?.to, each?.at]),
    [
      [2, 4, 2],
      [null, 3, 0],
      [3, unknown, 3],
    ],
  );
  assert.ok(transitions.every((each) => (each?.probability ?? 1) < 0.01));
});

test('a step without the one that always comes before it is an anomaly; a rare one and a journey left are not', () => {
  const strays = Array.from({ length: 60 }, (_, i) => [1, 2, 6 + (i % 6), 6 + ((i + 1) % 6)]);
  const model = buildModel(countsOf([...usual, ...strays]));

  const [skipped, left, normal] = [
    [1, 2, 4],
    [1, 2, 7, 8],
    [1, 2, 3, 4],
  ].map((each) => sessionLikelihood(model, each).anomaly);

  assert.ok((skipped ?? 0) > 2 && (left ?? 9) < 0.5 && (normal ?? 9) < 0.2);
});

test('what a cut session was before it is not held against it', () => {
  const model = buildModel(countsOf(usual));

  assert.ok((sessionLikelihood(model, [3, 4], false).rarest?.probability ?? 0) > 0.9);
  assert.deepEqual(sessionLikelihood(model, [3], false), {
    meanLogLoss: 0,
    anomaly: 0,
    steps: 0,
    rarest: null,
  });
});

test('one client in a loop does not make its way usual', () => {
  const loop = Array.from({ length: 900 }, (_, i) => [2, 1][i % 2] as number);

  const model = buildModel(countsOf([...usual, loop]));

  assert.ok(probabilityAfter(model, [START, 1, 2], 1) < 0.02);
  assert.ok(probabilityAfter(buildModel(countsOf([...usual, loop]), { minSessions: 1 }), [2], 1) > 0.8);
});

test('contexts beyond the bound are those that occurred least, and their shorter endings stay', () => {
  const counts = countsOf([...usual, ...usual.slice(0, 20).map(() => [4, 3, 2, 1])]);

  const model = buildModel(counts, { maxContexts: 8 });

  const contexts = new Set(modelRows(model).map((row) => row.context.join()));
  assert.equal(contexts.size, 8);
  for (const each of contexts)
    assert.ok(each === '' || contexts.has(each.split(',').slice(1).join()), `${each} stands alone`);
});

test('a model that has learnt nothing finds nothing strange', () => {
  const model = buildModel([]);

  assert.equal(sessionLikelihood(model, [1, 2]).meanLogLoss, 0);
  assert.deepEqual([model.forwards.contexts, modelRows(model)], [0, []]);
});

test('rows without the shorter contexts of a longer one still give shares of one whole', () => {
  const general = [1, 2, 3].map((next) => ({ context: [], next, occurrences: 10 }));

  const model = modelFromRows([...general, { context: [1, 2], next: 3, occurrences: 5 }]);

  const shares = [1, 2, 3, unknown].map((next) => probabilityAfter(model, [1, 2], next));
  assert.ok(
    near(
      shares.reduce((sum, each) => sum + each, 0),
      1,
    ),
  );
  assert.ok((shares[2] ?? 0) > 0.8);
  assert.equal(entropyAt(model.forwards, [3, 2, 1], 2), entropyAt(model.forwards, [2, 1], 1));
});

test('of a single operation nothing is uncertain after it', () => {
  const model = buildModel(countsOf(Array.from({ length: 20 }, () => [1])));

  assert.equal(entropyAt(model.forwards, [START, 1, unknown], 2), 0);
  assert.equal(probabilityAfter(model, [START, 1], unknown), 1);
});
