import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SequenceObserved, ShortId, SourceId, ZoneId } from '@precede/contracts';
import fc from 'fast-check';
import { type CountBucket, type CounterLimits, hourOf, SequenceCounter } from './counter.ts';
import { distinctOf } from './sketch.ts';
import type { StoredBucket, StoredCount } from './window-entries.ts';
import { keepWithin, tableFrom, WindowCounts } from './zone-counts.ts';

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

/** Keeps what a counter shows as the tables keep it: the largest count and the union of sessions by key. */
class Store {
  readonly rows = new Map<string, StoredCount & { hourMs: number; isPair: boolean }>();
  readonly buckets = new Map<string, CountBucket>();

  take(counter: SequenceCounter, epoch = 0): void {
    counter.takeDirty((view) => {
      const operations = [...view.operations];
      const key = `${view.zoneId}/${view.hourMs}/${view.isPair}/${operations}/${epoch}`;
      const known = this.rows.get(key);
      const { hourMs, isPair } = view;
      this.rows.set(key, {
        hourMs,
        isPair,
        partition: 0,
        epoch,
        operations,
        firstLength: Math.min(view.firstLength, known?.firstLength ?? 99),
        collapsed: Math.max(view.collapsed, known?.collapsed ?? 0),
        raw: Math.max(view.raw, known?.raw ?? 0),
        sessions: [...new Set([...view.sessions, ...Array.from(known?.sessions ?? [])])],
        rawSessions: [...new Set([...view.rawSessions, ...Array.from(known?.rawSessions ?? [])])],
        missed: Math.max(view.missed, known?.missed ?? 0),
      });
    });
    for (const bucket of counter.takeBuckets())
      this.buckets.set(`${bucket.zoneId}/${bucket.hourMs}/${epoch}`, bucket);
  }

  /** `after` is called with each of the windows after each hour. */
  windows(after: (window: WindowCounts, hourMs: number) => void = () => {}): {
    readonly sequences: WindowCounts;
    readonly pairs: WindowCounts;
  } {
    const [sequences, pairs] = [new WindowCounts(), new WindowCounts()];
    const rows = [...this.rows.values()];
    rows.sort((a, b) => a.epoch - b.epoch || a.operations.length - b.operations.length);
    const hours = new Set([...this.buckets.values()].map((bucket) => bucket.hourMs).sort((a, b) => a - b));
    for (const hourMs of hours) {
      const buckets: StoredBucket[] = [...this.buckets]
        .filter(([, bucket]) => bucket.hourMs === hourMs)
        .map(([key, bucket]) => ({ ...bucket, partition: 0, epoch: Number(key.split('/')[2]) }));
      const of = (isPair: boolean) => rows.filter((row) => row.hourMs === hourMs && row.isPair === isPair);
      sequences.setHour(hourMs, of(false), buckets);
      pairs.setHour(
        hourMs,
        of(true),
        buckets.map((bucket) => ({ ...bucket, positions: [] })),
      );
      after(sequences, hourMs);
      after(pairs, hourMs);
    }
    return { sequences, pairs };
  }
}

interface Found {
  readonly occurrences: number;
  readonly sessions: number;
  readonly missed: number;
}

/** Every count of the store, all hours together. */
const totalsOf = (store: Store, windows = store.windows()): Map<string, Found> => {
  const { sequences, pairs } = windows;
  const found = new Map<string, Found>();
  for (const [form, window] of [
    ['collapsed', sequences],
    ['raw', sequences],
    ['pair', pairs],
  ] as const) {
    const table = tableFrom(window, window.totals(), form === 'raw' ? 'raw' : 'collapsed');
    const sessionsOf = table.sessions(new Uint8Array(table.counts.length).fill(1));
    for (let node = 1; node < table.counts.length; node += 1)
      if (table.counts[node] !== 0)
        found.set(`${form}/${table.index.operations(node)}`, {
          occurrences: table.counts[node] ?? 0,
          sessions: sessionsOf(node),
          missed: table.missed?.[node] ?? 0,
        });
  }
  return found;
};
const sorted = <V>(map: Map<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

const pseudonymOf = (i: number): string => (i + 1).toString(16).padStart(8, '0').padEnd(16, '0');
const named = (all: readonly (readonly Step[])[]): { steps: readonly Step[]; pseudonym: string }[] =>
  all.map((steps, i) => ({ steps, pseudonym: pseudonymOf(i) }));

/** The recount over all hours. */
const truthOf = (all: readonly (readonly Step[])[]): Map<string, Found> => {
  const sums = new Map<string, { occurrences: number; sessions: Set<string> }>();
  for (const [key, { occurrences, sessions }] of recount(named(all))) {
    const [form, , operations] = key.split('/');
    const known = sums.get(`${form}/${operations}`) ?? { occurrences: 0, sessions: new Set<string>() };
    known.occurrences += occurrences;
    for (const session of sessions) known.sessions.add(session);
    sums.set(`${form}/${operations}`, known);
  }
  return new Map(
    [...sums].map(([key, { occurrences, sessions }]) => {
      const values = [...sessions].map((each) => Number.parseInt(each.slice(0, 8), 16)).sort((a, b) => a - b);
      return [key, { occurrences, sessions: distinctOf(values.slice(0, 32)), missed: 0 }];
    }),
  );
};

/** Feeds the windows one after the other; takes what is dirty at the given events. */
const countAll = (
  all: readonly (readonly Step[])[],
  moments: readonly number[],
  limits?: CounterLimits,
): { readonly store: Store; readonly counter: SequenceCounter } => {
  const counter = new SequenceCounter(limits);
  const store = new Store();
  let i = 0;
  for (const { steps, pseudonym } of named(all))
    for (const event of observe(steps, pseudonym)) {
      counter.add(event);
      if (moments.includes(i)) store.take(counter);
      i += 1;
    }
  store.take(counter);
  return { store, counter };
};

const moments = fc.array(fc.nat(60), { maxLength: 6 });

test('counts every slice of both forms and every pair, as a recount of whole windows does, taken at any moments', () => {
  fc.assert(
    fc.property(windows, moments, (all, taken) => {
      const { store } = countAll(all, taken);

      assert.deepEqual(sorted(totalsOf(store)), sorted(truthOf(all)));
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 300) },
  );
});

test('only what has grown is dirty', () => {
  const counter = new SequenceCounter();
  const steps = [1, 2, 3].map((operation, i) => ({ operation, timeMs: 1_000 * hour + i }));
  for (const event of observe(steps, pseudonymOf(0))) counter.add(event);
  counter.takeDirty(() => {});

  for (const event of observe(steps.slice(0, 1), pseudonymOf(1))) counter.add(event);

  const shown: string[] = [];
  counter.takeDirty(({ operations, collapsed }) => shown.push(`${operations} ${collapsed}`));
  assert.deepEqual(shown, ['1 2']);
  assert.equal(counter.dirtyCount, 0);
});

test('a sequence seen once, with all its endings that were seen once, is one node', () => {
  const counter = new SequenceCounter();
  const steps = Array.from({ length: 9 }, (_, operation) => ({ operation, timeMs: 1_000 * hour }));
  for (const event of observe(steps, pseudonymOf(0))) counter.add(event);

  const lengths: string[] = [];
  counter.takeDirty(({ operations, firstLength, isPair }) => {
    if (!isPair) lengths.push(`${firstLength}–${operations.length}`);
  });

  assert.deepEqual(
    lengths,
    Array.from({ length: 9 }, (_, i) => `1–${i + 1}`),
  );
});

test('beyond its budget a zone gives up what is rare, and tells how much a count may miss', () => {
  fc.assert(
    fc.property(windows, moments, fc.integer({ min: 1_000, max: 20_000 }), (all, taken, maxZoneBytes) => {
      const { store, counter } = countAll(all, taken, { maxZoneBytes, maxBytes: 2 ** 30 });

      const truth = truthOf(all);
      const found = totalsOf(store);
      for (const [key, { occurrences, missed }] of found) {
        const true_ = truth.get(key)?.occurrences ?? 0;
        assert.ok(occurrences <= true_, `${key}: ${occurrences} of ${true_}`);
        assert.ok(true_ <= occurrences + missed, `${key}: ${true_}, not ${occurrences} + ${missed}`);
      }
      const bound = [...store.buckets.values()].reduce((sum, bucket) => sum + bucket.missed, 0);
      for (const [key, { occurrences }] of truth)
        if (!found.has(key)) assert.ok(occurrences <= bound, `${key}: ${occurrences} missing, ${bound} told`);
      assert.ok(counter.bytes <= maxZoneBytes + 5_000, `${counter.bytes} of ${maxZoneBytes}`);
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 300) },
  );
});

const hoursOf = (window: WindowCounts): number => Math.min(...window.hours);

test('what a window has forgotten is not in its counts, and every count tells how much it may miss', () => {
  const forgetting = fc.record({
    threshold: fc.integer({ min: 1, max: 4 }),
    keepsNewest: fc.boolean(),
    forgets: fc.boolean(),
  });
  fc.assert(
    fc.property(
      windows,
      fc.array(forgetting, { minLength: 30, maxLength: 30 }),
      fc.nat(4),
      (all, choices, kept) => {
        const { store } = countAll(all, []);
        let place = 0;

        const forgotten = store.windows((window, hourMs) => {
          const { threshold, keepsNewest, forgets } = choices[place % choices.length] ?? choices[0] ?? fail();
          place += 1;
          if (forgets) window.forget(threshold, { keepsNewest, isOfScanners: false });
          // The window slides: some of the oldest hours are gone.
          if (hourMs - hoursOf(window) > kept * hour) window.dropBefore(hourMs - kept * hour);
        });

        const whole = store.windows((window, hourMs) => window.dropBefore(hourMs - kept * hour));
        const truth = totalsOf(store, whole);
        for (const [key, { occurrences, missed }] of totalsOf(store, forgotten)) {
          const real = truth.get(key)?.occurrences ?? 0;
          assert.ok(occurrences <= real, `${key}: ${occurrences} of ${real}`);
          assert.ok(real <= occurrences + missed, `${key}: ${real}, not ${occurrences} + ${missed}`);
        }
      },
    ),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 300) },
  );
});

const fail = (): never => {
  throw new Error('there is always a choice');
};

test('what a scanner has made is forgotten first, and what users have made stays exact', () => {
  const counter = new SequenceCounter({ maxZoneBytes: 2 ** 30, maxBytes: 2 ** 30 });
  const store = new Store();
  const next = (i: number): number => 100 + ((i * 7_919) % 4_001);
  const scan = Array.from({ length: 4_000 }, (_, i) => ({ operation: next(i), timeMs: 1_000 * hour }));
  for (let i = 0; i < 40; i += 1) {
    const steps = [1, 2, 3, 50 + (i % 20)].map((operation) => ({ operation, timeMs: 1_000 * hour }));
    for (const event of observe(steps, pseudonymOf(i))) counter.add(event);
  }
  for (const event of observe(scan, pseudonymOf(999))) counter.add(event);
  store.take(counter);
  const { sequences, pairs } = store.windows();
  const before = sequences.bytes + pairs.bytes;

  keepWithin([sequences, pairs], before / 2);

  const found = totalsOf(store, { sequences, pairs });
  assert.ok(sequences.bytes + pairs.bytes <= before * 0.375, `${sequences.bytes + pairs.bytes} of ${before}`);
  assert.equal(found.get('collapsed/1,2,3')?.occurrences, 40);
  for (let i = 0; i < 20; i += 1)
    assert.deepEqual(found.get(`collapsed/1,2,3,${50 + i}`), { occurrences: 2, sessions: 2, missed: 0 });
  assert.ok(sequences.dropped() > 10_000);
});

test('a scanner costs its zone the budget, no other zone anything, and the busy sequences stay exact', () => {
  const limits = { maxZoneBytes: 400_000, maxBytes: 2 ** 30 };
  const counter = new SequenceCounter(limits);
  const other = 'b'.repeat(32) as ZoneId;
  const at = (operations: readonly number[]): Step[] =>
    operations.map((operation, i) => ({ operation, timeMs: 1_000 * hour + i }));
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % 5_000;
  };
  for (let i = 0; i < 1_500; i += 1) {
    for (const event of observe(at([1, 2, 3]), pseudonymOf(i))) counter.add(event);
    for (const event of observe(at([1, 2, 3]), pseudonymOf(i), other)) counter.add(event);
    for (const event of observe(at(Array.from({ length: 20 }, random)), pseudonymOf(9_999)))
      counter.add(event);
  }

  const shown = new Map<string, { collapsed: number; missed: number }>();
  counter.takeDirty(({ zoneId, operations, collapsed, missed, isPair }) => {
    if (!isPair) shown.set(`${zoneId[0]} ${operations}`, { collapsed, missed });
  });
  const buckets = counter.takeBuckets();

  assert.deepEqual(shown.get('a 1,2,3'), { collapsed: 1_500, missed: 0 });
  assert.deepEqual(shown.get('b 1,2,3'), { collapsed: 1_500, missed: 0 });
  const [scanned, calm] = [zone, other].map((id) => buckets.find((each) => each.zoneId === id));
  assert.ok((scanned?.dropped ?? 0) > 10_000 && (scanned?.missed ?? 0) > 0);
  assert.deepEqual([calm?.dropped, calm?.threshold, calm?.missed], [0, 0, 0]);
  assert.equal(scanned?.positions[0], 1_500 * 23);
});

test('the largest zone gives up first when all together take too much', () => {
  const counter = new SequenceCounter({ maxZoneBytes: 2 ** 30, maxBytes: 100_000 });
  const other = 'b'.repeat(32) as ZoneId;
  for (const event of observe([{ operation: 1, timeMs: 5 }], pseudonymOf(0), other)) counter.add(event);
  for (let i = 0; i < 5_000; i += 1)
    for (const event of observe([{ operation: i, timeMs: 5 }], pseudonymOf(i))) counter.add(event);

  const buckets = counter.takeBuckets();

  assert.ok((buckets.find((each) => each.zoneId === zone)?.dropped ?? 0) > 0);
  assert.equal(buckets.find((each) => each.zoneId === other)?.dropped, 0);
});

test('keeps zones apart', () => {
  const counter = new SequenceCounter();
  const other = 'b'.repeat(32) as ZoneId;
  const steps = [{ operation: 1, timeMs: 5 }];

  for (const zoneId of [zone, other])
    for (const event of observe(steps, '1'.repeat(16), zoneId)) counter.add(event);

  const shown: unknown[] = [];
  counter.takeDirty((view) => shown.push([view.zoneId, view.collapsed, view.raw, [...view.sessions]]));
  assert.deepEqual(shown, [
    [zone, 1, 1, [0x11111111]],
    [other, 1, 1, [0x11111111]],
  ]);
});

test('stays right while its tables grow over thousands of sequences', () => {
  const steps = Array.from({ length: 900 }, (_, i) => ({
    operation: (i * i) % 1_009,
    timeMs: 1_000 * hour + i,
  }));
  const parts = [steps.slice(0, 400), steps.slice(0, 400), steps.slice(400, 900)];

  const { store, counter } = countAll(parts, [100, 500]);

  assert.ok(counter.size > 1_000);
  assert.deepEqual(sorted(totalsOf(store)), sorted(truthOf(parts)));
});
