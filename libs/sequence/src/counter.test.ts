import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SequenceObserved, ShortId, SourceId, ZoneId } from '@precede/contracts';
import fc from 'fast-check';
import { type CountRow, hourOf, SequenceCounter } from './counter.ts';

const zone = 'a'.repeat(32) as ZoneId;
const hour = 3_600_000;

interface Step {
  readonly operation: number;
  readonly timeMs: number;
}

/** What the sessionizer sends for one session window, by the words of the contract. */
const observe = (steps: readonly Step[], pseudonym: string, zoneId = zone): SequenceObserved[] =>
  steps.map(({ timeMs }, at) => {
    const runs: { operation: number; length: number }[] = [];
    for (const { operation } of steps.slice(0, at + 1)) {
      const run = runs.at(-1);
      if (run?.operation === operation) run.length += 1;
      else runs.push({ operation, length: 1 });
    }
    const newest = runs.slice(-10);
    return {
      zoneId,
      timeMs,
      source: 'live' as SourceId,
      operations: newest.map((run) => run.operation as ShortId),
      runLengths: newest.map((run) => run.length),
      ageMs: newest.map(() => 0),
      pseudonym,
    };
  });

type Totals = Map<string, { occurrences: number; sessions: Set<string> }>;
const note = (totals: Totals, key: string, pseudonym: string): void => {
  const known = totals.get(key) ?? { occurrences: 0, sessions: new Set<string>() };
  known.occurrences += 1;
  known.sessions.add(pseudonym);
  totals.set(key, known);
};

/** Looks at whole windows, never at suffixes: every slice of each form, and every pair by looking back. */
const recount = (windows: readonly { steps: readonly Step[]; pseudonym: string }[]): Totals => {
  const totals: Totals = new Map();
  for (const { steps, pseudonym } of windows) {
    const collapsed = steps.filter((step, i) => steps[i - 1]?.operation !== step.operation);
    for (const [form, list] of [
      ['raw', steps],
      ['collapsed', collapsed],
    ] as const)
      for (let from = 0; from < list.length; from += 1)
        for (let to = from + 1; to <= Math.min(list.length, from + 9); to += 1) {
          const slice = list.slice(from, to);
          const at = hourOf(slice.at(-1)?.timeMs ?? 0);
          note(totals, `${form}/${at}/${slice.map((s) => s.operation)}`, pseudonym);
        }
    collapsed.forEach((end, at) => {
      const before = collapsed.slice(Math.max(0, at - 9), at).map((s) => s.operation);
      for (const start of new Set(before))
        note(totals, `pair/${hourOf(end.timeMs)}/${start},${end.operation}`, pseudonym);
    });
  }
  return totals;
};

const windows = fc.array(
  fc
    .array(fc.record({ operation: fc.constantFrom(0, 1, 7, 4_294_967_295), wait: fc.nat(hour) }), {
      maxLength: 25,
    })
    .map((steps) => {
      let timeMs = 1_000 * hour;
      return steps.map(({ operation, wait }) => {
        timeMs += wait;
        return { operation, timeMs };
      });
    }),
  { maxLength: 20 },
);

const asTotals = (rows: readonly CountRow[]): Map<string, { occurrences: number; sessions: number }> =>
  new Map(
    rows.map((row) => [
      `${row.form}/${row.hourMs}/${row.operations}`,
      { occurrences: row.occurrences, sessions: row.sessions.length },
    ]),
  );
const sorted = <V>(map: Map<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test('counts every slice of both forms and every pair, as a recount of whole windows does', () => {
  fc.assert(
    fc.property(windows, (all) => {
      const named = all.map((steps, i) => ({
        steps,
        pseudonym: (i + 1).toString(16).padStart(13, '0').padEnd(16, '0'),
      }));
      const counter = new SequenceCounter();

      for (const { steps, pseudonym } of named)
        for (const event of observe(steps, pseudonym)) counter.add(event);

      const naive = new Map(
        [...recount(named)].map(([key, { occurrences, sessions }]) => [
          key,
          { occurrences, sessions: Math.min(16, sessions.size) },
        ]),
      );
      assert.deepEqual(sorted(asTotals(counter.takeDirty())), sorted(naive));
    }),
    { numRuns: 150 },
  );
});

test('rows taken at any moments merge by maximum to the same counts', () => {
  fc.assert(
    fc.property(windows, fc.array(fc.nat(40), { maxLength: 5 }), (all, moments) => {
      const events = all.flatMap((steps, i) => observe(steps, `${i}`.padStart(16, '0')));
      const whole = new SequenceCounter();
      for (const event of events) whole.add(event);

      const parted = new SequenceCounter();
      const merged: ReturnType<typeof asTotals> = new Map();
      const take = (): void => {
        for (const [key, row] of asTotals(parted.takeDirty())) {
          assert.ok(row.occurrences > (merged.get(key)?.occurrences ?? 0), 'only what has grown is dirty');
          merged.set(key, row);
        }
      };
      events.forEach((event, i) => {
        parted.add(event);
        if (moments.includes(i)) take();
      });
      take();

      assert.deepEqual(sorted(merged), sorted(asTotals(whole.takeDirty())));
    }),
    { numRuns: 100 },
  );
});

test('keeps zones apart', () => {
  const counter = new SequenceCounter();
  const other = 'b'.repeat(32) as ZoneId;
  const steps = [{ operation: 1, timeMs: 5 }];

  for (const zoneId of [zone, other])
    for (const event of observe(steps, '1'.repeat(16), zoneId)) counter.add(event);

  const rows = counter.takeDirty();
  assert.deepEqual(rows.map((row) => [row.zoneId, row.form, row.occurrences]).sort(), [
    [zone, 'collapsed', 1],
    [zone, 'raw', 1],
    [other, 'collapsed', 1],
    [other, 'raw', 1],
  ]);
  assert.equal(counter.dirtyCount, 0);
});

test('stays right while its tables grow over thousands of sequences', () => {
  const counter = new SequenceCounter();
  const steps = Array.from({ length: 900 }, (_, i) => ({
    operation: (i * i) % 1_009,
    timeMs: 1_000 * hour + i,
  }));

  for (let round = 0; round < 2; round += 1)
    for (const event of observe(steps.slice(0, 400), '0'.repeat(16))) counter.add(event);
  for (const event of observe(steps.slice(400, 900), '1'.repeat(16))) counter.add(event);

  const pseudonyms = ['0'.repeat(16), '0'.repeat(16), '1'.repeat(16)];
  const parts = [steps.slice(0, 400), steps.slice(0, 400), steps.slice(400, 900)];
  const naive = recount(parts.map((part, i) => ({ steps: part, pseudonym: pseudonyms[i] ?? '' })));
  const rows = counter.takeDirty();
  assert.ok(counter.size > 5_000);
  assert.deepEqual(
    sorted(asTotals(rows)),
    sorted(
      new Map([...naive].map(([key, n]) => [key, { occurrences: n.occurrences, sessions: n.sessions.size }])),
    ),
  );
});
