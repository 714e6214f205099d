import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { betaInterval } from './beta.ts';
import { keptContextsOf } from './prune.ts';
import {
  compareScored,
  correlationScores,
  lookbackScores,
  precedenceOf,
  precedenceScores,
  type ScoredSequence,
  scoreDefaults,
} from './score.ts';
import { type CountTable, keyOf, type SequenceCount, tableOf } from './table.ts';

const letters = ['a', 'b', 'c'];
const idsOf = (text: string): number[] => [...text].map((letter) => letters.indexOf(letter));
const textOf = (operations: readonly number[]): string => operations.map((o) => letters[o]).join('');
const count = (operations: readonly number[], occurrences: number, sessions = 100): SequenceCount => ({
  operations,
  occurrences,
  sessions,
});

/** Counts printed in Cloudflare's article on API sequence learning; rows are contexts, columns the next a, b, c. */
const printed: Readonly<Record<string, readonly number[]>> = {
  '': [15_466, 328_732, 165_117],
  a: [1_555, 13_718, 169],
  b: [9_618, 205_084, 113_382],
  c: [3_340, 109_896, 51_553],
  aa: [173, 1_367, 13],
  ba: [940, 8_552, 109],
  ca: [357, 2_945, 35],
  ab: [272, 7_823, 5_604],
  bb: [6_067, 122_796, 75_801],
  cb: [3_279, 74_449, 31_960],
  ac: [6, 144, 19],
  bc: [2_326, 87_215, 23_612],
  cc: [1_008, 22_527, 27_919],
};
const article = Object.entries(printed).flatMap(([context, next]) =>
  next.map((occurrences, o) => count([...idsOf(context), o], occurrences)),
);

test('drops exactly aa, ba and ca of the printed table', () => {
  const kept = new Set(keptContextsOf(article).map(textOf));

  const dropped = Object.keys(printed).filter((context) => !kept.has(context));
  assert.deepEqual(dropped, ['aa', 'ba', 'ca']);
});

test('gives the printed precedence scores, in their order', () => {
  const scores = new Map(precedenceScores(article).map((each) => [textOf(each.operations), each.score]));

  const expected = { bc: 0.686677, bb: 0.623864, ba: 0.62188, bbc: 0.459074, bba: 0.39228, cb: 0.334303 };
  for (const [text, score] of Object.entries(expected))
    assert.equal(scores.get(text)?.toFixed(6), score.toFixed(6), text);
  const order = [...scores.keys()].filter((text) => text in expected);
  assert.deepEqual(order, Object.keys(expected));
});

const find = (scored: readonly ScoredSequence[], operations: readonly number[]): ScoredSequence => {
  const found = scored.find((each) => each.operations.join() === operations.join());
  assert.ok(found, `no score of ${operations}`);
  return found;
};

/** One journey 1 2 3 walked 100 times, and 900 further calls of 3 alone. */
const journey = [
  count([1], 100),
  count([2], 100),
  count([3], 1_000),
  count([1, 2], 100),
  count([2, 3], 100),
  count([1, 2, 3], 100),
];

/** 2 → 3 and 2 → 5 are even; knowing that 1 or 4 came before 2 decides which. */
const decidedBy = (longer: number): SequenceCount[] => [
  ...[1, 2, 3, 4, 5].map((o) => count([o], 2_000)),
  ...[
    [1, 2],
    [4, 2],
    [2, 3],
    [2, 5],
  ].map((pair) => count(pair, 1_000)),
  count([1, 2, 3], longer),
  count([1, 2, 5], 1_000 - longer),
  count([4, 2, 3], 1_000 - longer),
  count([4, 2, 5], longer),
];

test('folds a sequence under a longer one that ends alike and keeps 95 % of it', () => {
  const listed = (longer: number): boolean[] =>
    [
      [1, 2, 3],
      [2, 3],
    ].map((s) => find(precedenceScores(decidedBy(longer)), s).isListed);

  assert.deepEqual(listed(950), [true, false]);
  assert.deepEqual(listed(949), [true, true]);
  assert.equal(find(precedenceScores(decidedBy(950)), [2, 3]).score, 0.5);
});

test('lists nothing below min_support or from fewer than min_sessions', () => {
  const few = journey.map((each) => ({ ...each, sessions: 4 }));

  assert.ok(precedenceScores(journey).some((each) => each.isListed));
  assert.ok(precedenceScores(journey, { minSupport: 101, minSessions: 5 }).every((each) => !each.isListed));
  assert.ok(precedenceScores(few).every((each) => !each.isListed));
  assert.ok(correlationScores(few).every((each) => !each.isListed));
});

test('an interval holds the score and narrows with support', () => {
  const at = (n: number): ScoredSequence =>
    find(precedenceScores([count([1], n), count([2], 2 * n), count([3], 100 * n), count([1, 2], n)]), [1, 2]);

  for (const n of [10, 1_000]) assert.ok(at(n).low < 0.5 && at(n).high > 0.5);
  assert.ok(at(1_000).high - at(1_000).low < at(10).high - at(10).low);
});

test('lookback precedence is the share of the end that an allow rule would pass', () => {
  const [first] = lookbackScores(journey, [count([1, 3], 100)]);

  assert.equal(first?.score, 0.1);
  assert.equal(first?.support, 100);
  assert.equal(first?.lastSupport, 1_000);
});

test('correlation is 1 for rare operations that only ever stand together', () => {
  const counts = [
    count([1], 20),
    count([2], 20),
    count([3], 5_000),
    count([4], 5_000),
    count([1, 2], 20),
    ...[
      [3, 3],
      [3, 4],
      [4, 3],
      [4, 4],
    ].map((pair) => count(pair, 2_500)),
  ];
  const scored = correlationScores(counts);

  const together = find(scored, [1, 2]).score;
  assert.ok(together > 0.98 && together <= 1, `${together}`);
  assert.ok(find(scored, [3, 4]).score < 0.01);
});

test('correlation of what is always there is 1, not a division by zero', () => {
  assert.equal(find(correlationScores([count([1], 50), count([1, 1], 49)]), [1, 1]).score, 1);
});

test('lists the 20 highest correlations only', () => {
  const counts = Array.from({ length: 30 }, (_, i) => [count([i], 100), count([i, i], 90)]).flat();

  assert.equal(correlationScores(counts).filter((each) => each.isListed).length, 20);
});

/** Counts of some random walks, so that every sequence has its beginnings and endings counted. */
const walked = fc
  .array(fc.array(fc.nat(4), { maxLength: 40 }), { minLength: 1, maxLength: 6 })
  .map((walks) => {
    const found = new Map<string, SequenceCount>();
    for (const walk of walks)
      for (let from = 0; from < walk.length; from += 1)
        for (let to = from + 1; to <= Math.min(walk.length, from + 4); to += 1) {
          const operations = walk.slice(from, to);
          const known = found.get(operations.join());
          found.set(operations.join(), count(operations, (known?.occurrences ?? 0) + 1));
        }
    return [...found.values()];
  });

test('scores stay within 0 and 1, in one order, whatever the order of the counts', () => {
  fc.assert(
    fc.property(walked, (counts) => {
      for (const score of [precedenceScores, correlationScores]) {
        const scored = score(counts);

        for (const each of scored) assert.ok(each.score >= 0 && each.score <= 1);
        assert.deepEqual(scored, [...scored].sort(compareScored));
        assert.deepEqual(score([...counts].reverse()), scored);
      }
    }),
    { numRuns: 60 },
  );
});

interface Context {
  readonly operations: readonly number[];
  /** What followed, by next operation. */
  readonly next: Map<number, SequenceCount>;
  /** Occurrences with any next operation. */
  total: number;
}

/** Contexts by key; the empty one has single operations as its next. */
const contextsOf = (counts: Iterable<SequenceCount>): Map<string, Context> => {
  const contexts = new Map<string, Context>();
  for (const count of counts) {
    const operations = count.operations.slice(0, -1);
    const key = keyOf(operations);
    let context = contexts.get(key);
    if (context === undefined) {
      context = { operations, next: new Map(), total: 0 };
      contexts.set(key, context);
    }
    context.next.set(count.operations.at(-1) as number, count);
    context.total += count.occurrences;
  }
  return contexts;
};

/** The definition, word for word: which contexts stay. */
const naiveKept = (counts: readonly SequenceCount[]): string[] => {
  const contexts = contextsOf(counts);
  const kept = new Set<string>(['']);
  const longestFirst = [...contexts.values()].sort((a, b) => b.operations.length - a.operations.length);
  for (const context of longestFirst) {
    const parent = contexts.get(keyOf(context.operations.slice(1)));
    const hasLonger = [...kept].some(
      (key) => keyOf(key.split(',').slice(1).map(Number)) === keyOf(context.operations),
    );
    if (parent === undefined || hasLonger || changes(context, parent)) kept.add(keyOf(context.operations));
  }
  return [...kept].sort();
};

const changes = (context: Context, parent: Context): boolean =>
  [...context.next].some(([operation, own]) => {
    const mine = betaInterval(own.occurrences, context.total);
    const general = betaInterval(parent.next.get(operation)?.occurrences ?? 0, parent.total);
    return mine.low > general.high || general.low > mine.high;
  });

test('keeps the contexts that the definition keeps', () => {
  fc.assert(
    fc.property(walked, fc.constantFrom(1, 7, 400), (counts, times) => {
      const many = counts.map((each) => ({ ...each, occurrences: each.occurrences * times }));

      assert.deepEqual(keptContextsOf(many).map(keyOf).sort(), naiveKept(many));
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 100) },
  );
});

test('what may be missing widens the interval, and is told', () => {
  const exact = tableOf([count([1], 100), count([2], 100), count([1, 2], 80)]);
  const missed = new Float64Array(exact.counts.length);
  missed[exact.index.of([1, 2])] = 5;
  missed[exact.index.of([2])] = 2;

  const of = (table: CountTable): ScoredSequence => find(precedenceOf(table, scoreDefaults), [1, 2]);
  const sure = of(exact);
  const unsure = of({ ...exact, missed });

  assert.equal(sure.undercount, 0);
  assert.equal(unsure.undercount, 5);
  assert.equal(unsure.score, sure.score);
  assert.ok(unsure.low < sure.low && unsure.high > sure.high);
  assert.ok(unsure.high >= betaInterval(85, 100).high);
  assert.ok(unsure.low <= betaInterval(80, 102).low);
});

test('keeps as many unlisted ones as asked, those with the most support, and loses none that is listed', () => {
  fc.assert(
    fc.property(walked, fc.nat(10), (counts, keepUnlisted) => {
      const options = { minSupport: 3, minSessions: 1 };
      for (const score of [precedenceScores, correlationScores]) {
        const all = score(counts, options);
        const some = score(counts, { ...options, keepUnlisted });

        const listed = (list: readonly ScoredSequence[]) => list.filter((each) => each.isListed);
        assert.deepEqual(listed(some), listed(all));
        const supports = (list: readonly ScoredSequence[]) =>
          list.filter((each) => !each.isListed).map((each) => each.support);
        const most = supports(all).sort((a, b) => b - a);
        assert.deepEqual(supports(some), most.slice(0, keepUnlisted));
      }
    }),
    { numRuns: 60 },
  );
});
