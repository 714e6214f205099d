/** Session windows against a model that keeps every request in one list and looks through all of it at each input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ChangelogEntry,
  changelogFromAvro,
  changelogToAvro,
  LIVE,
  type RequestObserved,
  type SessionId,
  type ShortId,
  type SourceId,
  type ZoneId,
} from '@precede/contracts';
import fc from 'fast-check';
import {
  createOutputs,
  createWindows,
  restoreWindows,
  step,
  takeChanges,
  takeHeld,
  type WindowBounds,
  type WindowInput,
  type WindowsState,
} from './index.ts';

const gapMs = 60;
const graceMs = 10;
const zones = { settingsOf: () => ({ inactivityGapMs: gapMs, graceMs }) };
const zoneId = 'b'.repeat(32) as ZoneId;
const idOf = (n: number): SessionId => n.toString(16).padStart(32, '0') as SessionId;

interface Observed {
  verdicts: string[];
  sequences: unknown[];
  closed: unknown[];
}

// The model ---------------------------------------------------------------------------------------------------------

interface Placed extends RequestObserved {
  offset: number;
  window: number | null;
}
interface NaiveWindow {
  request: Placed;
  requests: Placed[];
  isOpen: boolean;
}

const naive = (inputs: readonly WindowInput[]): Observed => {
  const seen: Observed = { verdicts: [], sequences: [], closed: [] };
  const all: Placed[] = [];
  const windows: NaiveWindow[] = [];
  const ended = new Set<string>();
  const max = new Map<string, number>();
  const touched = new Map<string, number>();
  const lastOf = (w: NaiveWindow): number => Math.max(...w.requests.map((r) => r.timeMs));
  const openOf = (r: RequestObserved): NaiveWindow | undefined =>
    windows.find((w) => w.isOpen && w.request.source === r.source && w.request.sessionId === r.sessionId);

  const close = (w: NaiveWindow, why: string): void => {
    w.isOpen = false;
    seen.closed.push([
      w.request.sessionId,
      w.request.source,
      w.requests.map((r) => [r.operation, r.timeMs]),
      why,
    ]);
  };
  const place = (r: Placed): void => {
    const before = openOf(r);
    if (before !== undefined && r.timeMs - lastOf(before) > gapMs) close(before, 'gap');
    let w = openOf(r);
    if (w === undefined) {
      w = { request: r, requests: [], isOpen: true };
      windows.push(w);
    }
    r.window = windows.indexOf(w);
    w.requests.push(r);
    const runs: [number, number, number][] = [];
    for (const each of w.requests) {
      const run = runs.at(-1);
      if (run?.[0] === each.operation) runs[runs.length - 1] = [run[0], run[1] + 1, each.timeMs];
      else runs.push([each.operation, 1, each.timeMs]);
    }
    const shown = runs
      .slice(-10)
      .map(([operation, length, timeMs]) => [operation, length, r.timeMs - timeMs]);
    seen.sequences.push([r.sessionId.slice(0, 16), r.source, r.timeMs, shown]);
  };
  const settle = (source: string, untilMs: number): void => {
    const due = all.filter((r) => r.source === source && r.window === null && r.timeMs < untilMs);
    for (const r of due.sort((a, b) => a.timeMs - b.timeMs || a.offset - b.offset)) place(r);
    const gone = windows.filter(
      (w) => w.isOpen && w.request.source === source && lastOf(w) + gapMs < untilMs,
    );
    gone.sort((a, b) => lastOf(a) - lastOf(b) || (a.request.sessionId < b.request.sessionId ? -1 : 1));
    for (const w of gone) close(w, 'gap');
  };
  const judge = (r: RequestObserved): string => {
    if (ended.has(r.source)) return 'source_ended';
    const own = all.filter((o) => o.source === r.source && o.sessionId === r.sessionId);
    const isIn = (o: Placed): boolean => o.window === null || windows[o.window]?.isOpen === true;
    if (r.eventId !== null && own.some((o) => o.eventId === r.eventId && isIn(o))) return 'repeated';
    if (openOf(r)?.requests.some((o) => o.timeMs > r.timeMs)) return 'late';
    const covering = windows.some(
      (w) =>
        !w.isOpen &&
        w.request.source === r.source &&
        w.request.sessionId === r.sessionId &&
        r.timeMs <= lastOf(w) + gapMs,
    );
    return covering ? 'window_closed' : 'taken';
  };

  for (const input of inputs) {
    if (input.kind === 'tick') {
      const untilMs = input.nowMs - graceMs;
      const isSilent = touched.has(LIVE) && input.nowMs - (touched.get(LIVE) ?? 0) >= graceMs;
      const isDue =
        all.some((r) => r.source === LIVE && r.window === null && r.timeMs < untilMs) ||
        windows.some((w) => w.isOpen && w.request.source === LIVE && lastOf(w) + gapMs < untilMs);
      if (input.isAtEnd && isSilent && isDue && !ended.has(LIVE) && input.nowMs > (max.get(LIVE) ?? 0)) {
        max.set(LIVE, input.nowMs);
        settle(LIVE, untilMs);
      }
      continue;
    }
    const source = input.event.source;
    if (input.event.kind === 'source_ended') {
      seen.verdicts.push(ended.has(source) ? 'repeated' : 'taken');
      if (ended.has(source)) continue;
      const due = all.filter((r) => r.source === source && r.window === null);
      for (const r of due.sort((a, b) => a.timeMs - b.timeMs || a.offset - b.offset)) place(r);
      const open = windows.filter((w) => w.isOpen && w.request.source === source);
      open.sort((a, b) => lastOf(a) - lastOf(b) || (a.request.sessionId < b.request.sessionId ? -1 : 1));
      for (const w of open) close(w, 'source_ended');
      ended.add(source);
      continue;
    }
    const verdict = judge(input.event);
    seen.verdicts.push(verdict);
    if (!ended.has(source)) touched.set(source, Math.max(touched.get(source) ?? 0, input.receivedMs));
    if (verdict !== 'taken') continue;
    all.push({ ...input.event, offset: input.offset, window: null });
    max.set(source, Math.max(max.get(source) ?? 0, input.event.timeMs));
    settle(source, (max.get(source) as number) - graceMs);
  }
  return seen;
};

// What is tested ----------------------------------------------------------------------------------------------------

type Saved = Map<string, ChangelogEntry>;

const save = (state: WindowsState, saved: Saved): void => {
  for (const change of takeChanges(state)) {
    const key = `${change.source}/${change.sessionId}`;
    if (change.entry === null) saved.delete(key);
    else saved.set(key, structuredClone(changelogFromAvro(changelogToAvro(change.entry))));
  }
  for (const key of saved.keys()) if (key.startsWith('held')) saved.delete(key);
  // In any order: it is that of a heap.
  const held = takeHeld(state, 1, 1e9).flatMap(({ requests, offsets }) =>
    requests.map((request, i) => ({ request, offset: offsets[i] as number })),
  );
  for (const { request, offset } of held.toSorted((a, b) => a.offset - b.offset))
    saved.set(`held ${offset}`, {
      kind: 'held',
      generation: 1,
      sequence: 0,
      requests: [request],
      offsets: [offset],
    });
};

/** Runs the inputs in batches that end before each index of `cuts`; at those of `restarts` the state is dropped and restored. */
const run = (
  inputs: readonly WindowInput[],
  cuts: ReadonlySet<number>,
  restarts: ReadonlySet<number>,
  bounds: Partial<WindowBounds> = {},
): { seen: Observed; saved: Saved; state: WindowsState } => {
  const seen: Observed = { verdicts: [], sequences: [], closed: [] };
  const saved: Saved = new Map();
  let state = createWindows(bounds);
  let out = createOutputs();
  const flush = (): void => {
    for (const s of out.sequences) {
      const runs = s.operations.map((operation, i) => [operation, s.runLengths[i], s.ageMs[i]]);
      seen.sequences.push([s.pseudonym, s.source, s.timeMs, runs]);
    }
    for (const c of out.closed)
      seen.closed.push([c.sessionId, c.source, c.operations.map((o, i) => [o, c.timesMs[i]]), c.ended]);
    out = createOutputs();
  };
  inputs.forEach((input, i) => {
    if (cuts.has(i) || restarts.has(i)) {
      save(state, saved);
      flush();
    }
    if (restarts.has(i)) state = restoreWindows(saved.values(), bounds);
    const verdict = step(state, input, zones, out);
    if (input.kind !== 'tick') seen.verdicts.push(verdict);
  });
  save(state, saved);
  flush();
  return { seen, saved, state };
};

const requestOf = (
  session: number,
  operation: number,
  timeMs: number,
  source: string,
  eventId: string | null,
): RequestObserved => ({
  kind: 'request',
  zoneId,
  sessionId: idOf(session),
  operation: operation as ShortId,
  timeMs,
  source: source as SourceId,
  status: null,
  durationMs: null,
  bytes: null,
  eventId,
});

const sources = fc.constantFrom('live', 'live', 'import');
const happening = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      session: fc.integer({ min: 1, max: 4 }),
      operation: fc.integer({ min: 1, max: 3 }),
      advanceMs: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 90 })),
      delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 200 })),
      source: sources,
      eventId: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      advanceMs: fc.integer({ min: 0, max: 100 }),
      isAtEnd: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), source: sources }) },
);

const inputs: fc.Arbitrary<WindowInput[]> = fc
  .array(happening, { maxLength: 60, size: 'max' })
  .map((happenings) => {
    let nowMs = 1_000;
    return happenings.map((each, offset): WindowInput => {
      if (each.kind !== 'end') nowMs += each.advanceMs;
      if (each.kind === 'tick') return { kind: 'tick', nowMs, isAtEnd: each.isAtEnd };
      if (each.kind === 'end')
        return {
          kind: 'record',
          offset,
          receivedMs: nowMs,
          event: { kind: 'source_ended', zoneId, source: each.source as SourceId },
        };
      const { session, operation, source, eventId } = each;
      const event = requestOf(session, operation, nowMs - each.delayMs, source, eventId);
      return { kind: 'record', offset, receivedMs: nowMs, event };
    });
  });
const indices = fc.array(fc.nat({ max: 60 }), { maxLength: 6 }).map((list) => new Set(list));

test('equals the naive model for any input, any batches and any restarts', () => {
  fc.assert(
    fc.property(inputs, indices, indices, (list, cuts, restarts) => {
      const { seen } = run(list, cuts, restarts);

      assert.deepEqual(seen, naive(list));
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 1_000) },
  );
});

/** One tick goes through the sources in any order, so theirs is not compared. */
const bySource = (seen: Observed): Observed => ({
  verdicts: seen.verdicts,
  sequences: (seen.sequences as string[][]).toSorted((a, b) => Number(a[1] === LIVE) - Number(b[1] === LIVE)),
  closed: (seen.closed as string[][]).toSorted((a, b) => Number(a[1] === LIVE) - Number(b[1] === LIVE)),
});

test('saves the same state for any batches and any restarts, bounds and forgetting included', () => {
  const small: Partial<WindowBounds> = {
    maxWindows: 3,
    maxBytes: 6_000,
    maxHeld: 4,
    maxRemembered: 2,
    rememberMs: 150,
    maxOperations: 3,
    maxEventIds: 2,
    sourceKeptMs: 250,
    maxSources: 1,
  };
  fc.assert(
    fc.property(inputs, indices, indices, (list, cuts, restarts) => {
      const whole = run(list, new Set(), new Set(), small);

      const parts = run(list, cuts, restarts, small);

      assert.deepEqual(bySource(parts.seen), bySource(whole.seen));
      assert.deepEqual(new Map([...parts.saved].sort()), new Map([...whole.saved].sort()));
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 1_000) },
  );
});

test('takes every request and sorts it where disorder stays within the grace', () => {
  const requests = fc.array(
    fc.record({
      session: fc.integer({ min: 1, max: 3 }),
      operation: fc.integer({ min: 1, max: 3 }),
      advanceMs: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 90 })),
      delayMs: fc.integer({ min: 0, max: graceMs }),
    }),
    { maxLength: 50, size: 'max' },
  );
  fc.assert(
    fc.property(requests, indices, (drawn, restarts) => {
      let nowMs = 0;
      const made = drawn.map((each) => {
        nowMs += each.advanceMs;
        return { ...each, timeMs: nowMs, arrivesMs: nowMs + each.delayMs };
      });
      const arrived = [...made].sort((a, b) => a.arrivesMs - b.arrivesMs);
      const list = arrived.map(
        (each, offset): WindowInput => ({
          kind: 'record',
          offset,
          receivedMs: each.arrivesMs,
          event: requestOf(each.session, each.operation, each.timeMs, 'import', null),
        }),
      );
      const end: WindowInput = {
        kind: 'record',
        offset: 99,
        receivedMs: 0,
        event: { kind: 'source_ended', zoneId, source: 'import' as SourceId },
      };

      const { seen, state } = run([...list, end], new Set(), restarts);

      const expected: unknown[] = [];
      for (const session of [1, 2, 3]) {
        const own = arrived.filter((each) => each.session === session);
        own.sort((a, b) => a.timeMs - b.timeMs);
        const split: [number, number][][] = [];
        own.forEach((each, i) => {
          if (i === 0 || each.timeMs - (own[i - 1]?.timeMs ?? 0) > gapMs) split.push([]);
          split.at(-1)?.push([each.operation, each.timeMs]);
        });
        expected.push(split);
      }
      const windowsOf = (session: number) =>
        (seen.closed as [string, string, [number, number][]][])
          .filter((c) => c[0] === idOf(session))
          .map((c) => c[2]);
      assert.deepEqual([1, 2, 3].map(windowsOf), expected);
      assert.equal(seen.sequences.length, drawn.length);
      assert.ok(seen.verdicts.every((verdict) => verdict === 'taken'));
      const left = [
        state.openWindows,
        state.heldRequests,
        state.remembered,
        state.keptOperations,
        state.keptEventIds,
      ];
      assert.deepEqual(left, [0, 0, 0, 0, 0]);
    }),
    { numRuns: 500 },
  );
});

test('delivers nothing twice where requests with event ids come again', () => {
  fc.assert(
    fc.property(inputs, fc.nat({ max: 60 }), fc.integer({ min: 1, max: 30 }), (list, at, count) => {
      const named = list.map(
        (input, i): WindowInput =>
          input.kind === 'record' && input.event.kind === 'request'
            ? { ...input, event: { ...input.event, eventId: `id-${i}` } }
            : input,
      );
      const again = named
        .slice(at, at + count)
        .filter((input) => input.kind === 'record' && input.event.kind === 'request')
        .map((input) => ({ ...input, receivedMs: 0 }) as WindowInput);

      const once = run(named, new Set(), new Set()).seen;
      const twice = run(
        [...named.slice(0, at + count), ...again, ...named.slice(at + count)],
        new Set(),
        new Set(),
      ).seen;

      assert.deepEqual(twice.sequences, once.sequences);
      assert.deepEqual(twice.closed, once.closed);
    }),
    { numRuns: 500 },
  );
});

test('under any bounds each request that was taken is emitted once, in one window that ends', () => {
  const bound = fc.integer({ min: 1, max: 4 });
  const bounds = fc.record({
    maxWindows: bound,
    maxBytes: fc.integer({ min: 1_000, max: 9_000 }),
    maxHeld: bound,
    maxRemembered: bound,
    maxSources: bound,
    rememberMs: fc.integer({ min: 0, max: 300 }),
    maxEventIds: bound,
    sourceKeptMs: fc.integer({ min: 0, max: 400 }),
  });
  fc.assert(
    fc.property(inputs, bounds, indices, (list, small, restarts) => {
      const last: WindowInput[] = ['live', 'import'].map((source, i) => ({
        kind: 'record',
        offset: 1_000 + i,
        receivedMs: 0,
        event: { kind: 'source_ended', zoneId, source: source as SourceId },
      }));

      const { seen } = run([...list, ...last], new Set(), restarts, small);

      const records = list.filter((input) => input.kind === 'record');
      const taken = records.filter(
        ({ event }, i) => event.kind === 'request' && seen.verdicts[i] === 'taken',
      );
      const rows = taken.map(({ event }) => event as RequestObserved);
      const key = (session: string, source: string, timeMs: number): string =>
        `${session} ${source} ${timeMs}`;
      const emitted = (seen.sequences as [string, string, number][]).map(([s, source, t]) =>
        key(s, source, t),
      );
      assert.deepEqual(
        emitted.toSorted(),
        rows.map((r) => key(r.sessionId.slice(0, 16), r.source, r.timeMs)).toSorted(),
      );
      const closed = (seen.closed as [string, string, [number, number][]][]).flatMap(([s, source, own]) =>
        own.map(([operation, timeMs]) => `${key(s, source, timeMs)} ${operation}`),
      );
      assert.deepEqual(
        closed.toSorted(),
        rows.map((r) => `${key(r.sessionId, r.source, r.timeMs)} ${r.operation}`).toSorted(),
      );
      for (const [, , own] of seen.closed as [string, string, [number, number][]][])
        for (let i = 1; i < own.length; i++)
          assert.ok((own[i]?.[1] ?? 0) >= (own[i - 1]?.[1] ?? 0), 'a window is in order');
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 1_000) },
  );
});
