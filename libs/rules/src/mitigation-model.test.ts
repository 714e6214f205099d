/** The compiled evaluator and the lookback against a model written from the specification alone, over whole histories. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleId, ShortId } from '@precede/contracts';
import fc from 'fast-check';
import { createLookback, push, rawCountAt, runsAt } from './lookback.ts';
import type { MitigationRule } from './mitigation.ts';
import { decideMitigation } from './mitigation-decide.ts';

interface Seen {
  readonly operation: ShortId;
  readonly timeMs: number;
}

/** Everything admitted is kept; the lookback is worked out anew, backwards, for each request. */
const naiveLookback = (admitted: readonly Seen[], nowMs: number): ShortId[] => {
  const found: ShortId[] = [];
  let next = nowMs;
  for (const each of [...admitted].reverse()) {
    if (next - each.timeMs > 10 * 60_000) break;
    if (found[0] !== each.operation) found.unshift(each.operation);
    next = each.timeMs;
  }
  return found.slice(-9);
};

interface NaiveVerdict {
  readonly passes: boolean;
  readonly by: string | null;
  readonly logged: readonly string[];
}

const enforces = (rule: MitigationRule): boolean => rule.rolloutPercent === 100;
/** A rule that is not enforced for a session has action log there. */
const asRolledOut = (rule: MitigationRule): MitigationRule =>
  enforces(rule) ? rule : { ...rule, action: 'log' };

/** Asks by the sentences of docs/semantics.md: a list of answers first, then what they mean. */
const naiveDecide = (
  rules: readonly MitigationRule[],
  end: ShortId,
  seen: readonly ShortId[],
): NaiveVerdict => {
  const asked = rules
    .map(asRolledOut)
    .filter((each) => each.end === end)
    .sort((a, b) => a.position - b.position);
  const endsRound = (each: MitigationRule): boolean =>
    seen.includes(each.start) && (each.kind === 'allow' || each.action === 'block');
  const lastIndex = asked.findIndex(endsRound);
  const round = lastIndex === -1 ? asked : asked.slice(0, lastIndex + 1);
  const logged = round
    .filter((each) => each.kind === 'block' && each.action === 'log' && seen.includes(each.start))
    .map((each) => each.title);
  const ender = lastIndex === -1 ? undefined : asked[lastIndex];
  if (ender !== undefined) return { passes: ender.kind === 'allow', by: ender.title, logged };
  const unsatisfied = round.find((each) => each.kind === 'allow');
  if (unsatisfied === undefined) return { passes: true, by: null, logged };
  if (unsatisfied.action === 'block') return { passes: false, by: unsatisfied.title, logged };
  return { passes: true, by: unsatisfied.title, logged: [...logged, unsatisfied.title] };
};

const operations = fc.integer({ min: 0, max: 11 }).map((n) => (n * 0x1555_5555) as ShortId);
const rulesOf = fc
  .array(
    fc.record({
      kind: fc.constantFrom('allow' as const, 'block' as const),
      action: fc.constantFrom('block' as const, 'log' as const),
      start: operations,
      end: operations,
      rolloutPercent: fc.constantFrom(0, 100),
    }),
    { maxLength: 12, size: 'max' },
  )
  .map((drafts) =>
    drafts.map(
      (draft, i): MitigationRule => ({
        ...draft,
        position: i + 1,
        title: `r${i}`,
        ruleId: `r${i}` as RuleId,
      }),
    ),
  );
const steps = fc.array(
  fc.record({ operation: operations, afterMs: fc.constantFrom(0, 1, 1000, 600_000, 600_001, 3_600_001) }),
  { maxLength: 60, size: 'max' },
);
const tableOf = (rules: readonly MitigationRule[]) => Map.groupBy(rules, (each) => each.end);

test('decides every request of every history as the model does', () => {
  fc.assert(
    fc.property(rulesOf, steps, (rules, history) => {
      const table = tableOf(rules);
      const state = createLookback();
      const admitted: Seen[] = [];
      let nowMs = 1_700_000_000_000;
      for (const step of history) {
        nowMs += step.afterMs;
        const lookback = runsAt(state, nowMs);
        assert.deepEqual([...lookback], naiveLookback(admitted, nowMs));
        const verdict = decideMitigation(table, step.operation, lookback, enforces);
        const expected = naiveDecide(rules, step.operation, lookback);
        assert.deepEqual(
          {
            passes: verdict.kind !== 'block',
            by: verdict.rule?.title ?? null,
            logged: verdict.logged.map((each) => each.title),
          },
          expected,
        );
        assert.equal(verdict.kind === 'log', expected.passes && expected.logged.length > 0);
        if (!expected.passes) continue;
        push(state, step.operation, nowMs);
        admitted.push({ operation: step.operation, timeMs: nowMs });
      }
    }),
    { numRuns: 300 },
  );
});

test('keeps the ten newest raw operations and counts those of the last hour', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const state = createLookback();
      const all: Seen[] = [];
      let nowMs = 0;
      for (const step of history) {
        nowMs += step.afterMs;
        push(state, step.operation, nowMs);
        all.push({ operation: step.operation, timeMs: nowMs });
        const newest = all.slice(-10);
        assert.deepEqual(
          state.raw,
          newest.map((each) => each.operation),
        );
        assert.equal(
          rawCountAt(state, nowMs),
          newest.filter((each) => nowMs - each.timeMs <= 3_600_000).length,
        );
        assert.equal(state.runs.length, state.runsMs.length);
      }
    }),
    { numRuns: 200 },
  );
});

test('a saved and restored state goes on as if nothing had happened', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (history, cut) => {
      let state = createLookback();
      const whole = createLookback();
      const at = history.length === 0 ? 0 : cut % history.length;
      let nowMs = 0;
      history.forEach((step, i) => {
        nowMs += step.afterMs;
        if (i === at) state = { ...structuredClone(state) };
        push(state, step.operation, nowMs);
        push(whole, step.operation, nowMs);
      });
      assert.deepEqual(state, whole);
    }),
    { numRuns: 100 },
  );
});

test('a time that goes back empties nothing and becomes the time of its forerunner', () => {
  const state = createLookback();
  push(state, 1 as ShortId, 1000);
  push(state, 2 as ShortId, 400);

  assert.deepEqual(state.runs, [1, 2]);
  assert.deepEqual(state.runsMs, [1000, 1000]);
  assert.deepEqual(runsAt(state, 601_001), []);
});

test('gives one shared verdict where no rule ends in the operation', () => {
  const table = tableOf([]);

  assert.equal(decideMitigation(table, 1 as ShortId, []), decideMitigation(table, 2 as ShortId, []));
});
