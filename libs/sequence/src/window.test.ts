import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangelogEntry, SessionId, ShortId, SourceId, ZoneId } from '@precede/contracts';
import {
  createOutputs,
  createWindows,
  estimatedBytes,
  restoreWindows,
  step,
  takeChanges,
  takeHeld,
  type WindowBounds,
  type WindowInput,
} from './index.ts';

const zoneId = 'a'.repeat(32) as ZoneId;
const zones = { settingsOf: () => ({ inactivityGapMs: 600, graceMs: 5 }) };
const idOf = (session: number): SessionId => session.toString(16).padStart(32, '0') as SessionId;

const request = (
  offset: number,
  session: number,
  operation: number,
  timeMs: number,
  source = 'live',
  eventId: string | null = null,
): WindowInput => ({
  kind: 'record',
  offset,
  receivedMs: timeMs,
  event: {
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
  },
});
const end = (source: string, receivedMs = 0): WindowInput => ({
  kind: 'record',
  offset: 99,
  receivedMs,
  event: { kind: 'source_ended', zoneId, source: source as SourceId },
});
const tick = (nowMs: number, isAtEnd = true): WindowInput => ({ kind: 'tick', nowMs, isAtEnd });

const run = (inputs: readonly WindowInput[], bounds: Partial<WindowBounds> = {}) => {
  const state = createWindows(bounds);
  const out = createOutputs();
  const verdicts = inputs.map((input) => step(state, input, zones, out));
  return { state, out, verdicts, rows: out.sequences.map((s) => [s.operations, s.runLengths, s.ageMs]) };
};

test('holds requests until the watermark passes them and emits them in order', () => {
  const { rows, out } = run([request(0, 1, 7, 103), request(1, 1, 6, 100), request(2, 2, 9, 109)]);

  assert.deepEqual(rows, [
    [[6], [1], [0]],
    [
      [6, 7],
      [1, 1],
      [3, 0],
    ],
  ]);
  assert.equal(out.sequences[0]?.pseudonym, '0'.repeat(16));
});

test('collapses repeats and emits them with a growing run length', () => {
  const ops = [1, 1, 2, 2, 1];

  const { rows } = run([...ops.map((op, i) => request(i, 1, op, i * 10, 'x')), end('x')]);

  assert.deepEqual(rows.at(1), [[1], [2], [0]]);
  assert.deepEqual(rows.at(-1), [
    [1, 2, 1],
    [2, 2, 1],
    [30, 10, 0],
  ]);
});

test('keeps the ten newest runs in a sequence', () => {
  const ops = Array.from({ length: 14 }, (_, i) => i + 1);

  const { rows } = run([...ops.map((op, i) => request(i, 1, op, i, 'x')), end('x')]);

  assert.deepEqual(rows.at(-1)?.[0], [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

test('begins a window after the gap and not at it', () => {
  const { out, rows } = run([
    request(0, 1, 1, 0),
    request(1, 1, 2, 600),
    request(2, 1, 3, 1201),
    end('live'),
  ]);

  assert.deepEqual(
    out.closed.map((c) => [c.firstMs, c.lastMs, c.length, c.ended]),
    [
      [0, 600, 2, 'gap'],
      [1201, 1201, 1, 'source_ended'],
    ],
  );
  assert.deepEqual(rows.at(-1)?.[0], [3]);
});

test('refuses a request before one its session has emitted, and lets others as old take their place', () => {
  const { verdicts } = run([
    request(0, 1, 1, 100),
    request(1, 2, 1, 200),
    request(2, 1, 2, 99),
    request(3, 3, 2, 99),
    request(4, 1, 2, 100),
  ]);

  assert.deepEqual(verdicts, ['taken', 'taken', 'late', 'taken', 'taken']);
});

test('refuses a request that a closed window covers up to its gap, and takes one after it', () => {
  const { verdicts } = run([
    request(0, 1, 1, 100),
    request(1, 2, 1, 5_000),
    request(2, 1, 2, 50),
    request(3, 1, 2, 700),
    request(4, 1, 2, 701),
  ]);

  assert.deepEqual(verdicts, ['taken', 'taken', 'window_closed', 'window_closed', 'taken']);
});

test('refuses what belongs to an ended source and forgets the source after its time', () => {
  const inputs = [request(0, 1, 1, 100, 'x'), end('x', 100), request(1, 1, 1, 200, 'x')];

  const { verdicts, state } = run([...inputs, tick(200_000)], { sourceKeptMs: 1_000 });

  assert.deepEqual(verdicts.slice(0, 3), ['taken', 'taken', 'source_ended']);
  assert.equal(state.sources.size, 0);
  assert.deepEqual(takeChanges(state).at(-1)?.entry, null);
});

test('drops a repeated event id, held or emitted', () => {
  const { verdicts, out } = run([
    request(0, 1, 1, 100, 'live', 'a'),
    request(1, 1, 1, 100, 'live', 'a'),
    request(2, 1, 2, 200, 'live', 'b'),
    request(3, 1, 1, 100, 'live', 'a'),
    request(4, 2, 1, 100, 'live', 'a'),
  ]);

  assert.deepEqual(verdicts, ['taken', 'repeated', 'taken', 'repeated', 'taken']);
  assert.equal(out.sequences.length, 2);
});

test('lets a silent live source follow the wall clock at the end of the partition only', () => {
  const { state, out } = run([request(0, 1, 1, 100), request(1, 1, 2, 100, 'import')]);
  takeChanges(state);

  step(state, tick(10_000, false), zones, out);
  step(state, tick(104), zones, out);

  assert.equal(out.sequences.length, 0);
  assert.deepEqual(takeChanges(state), []);
  step(state, tick(106), zones, out);
  assert.deepEqual([out.sequences.length, out.closed.length], [1, 0]);
  step(state, tick(706), zones, out);
  assert.deepEqual([out.sequences.length, out.closed.length], [1, 1]);
  takeChanges(state);
  step(state, tick(5_000), zones, out);
  assert.deepEqual(takeChanges(state), []);
});

test('takes over a changed gap and grace', () => {
  const settings = { inactivityGapMs: 600, graceMs: 50 };
  const state = createWindows();
  const out = createOutputs();
  const changing = { settingsOf: () => settings };
  for (const input of [request(0, 1, 1, 100), request(1, 2, 1, 140)]) step(state, input, changing, out);

  settings.graceMs = 5;
  settings.inactivityGapMs = 10;
  step(state, tick(0, false), changing, out);

  assert.equal(out.sequences.length, 1);
  assert.equal(out.closed.length, 1);
});

test('keeps the newest raw operations and counts what is cut', () => {
  const inputs = Array.from({ length: 25 }, (_, i) => request(i, 1, i, i, 'x'));

  const { out } = run([...inputs, end('x')], { maxOperations: 4 });

  assert.deepEqual(out.closed[0]?.operations, [21, 22, 23, 24]);
  assert.deepEqual([out.closed[0]?.cut, out.closed[0]?.length], [21, 25]);
});

test('closes the longest idle windows at the bound and lets the session go on', () => {
  const inputs = [1, 2, 3].map((session) => request(session, session, 1, session * 10));

  const { out, verdicts } = run([...inputs, request(4, 4, 1, 100), request(5, 1, 1, 101)], { maxWindows: 2 });

  assert.deepEqual(
    out.closed.map((c) => [c.sessionId, c.ended]),
    [[idOf(1), 'bound']],
  );
  assert.equal(verdicts.at(-1), 'taken');
});

test('closes the longest idle windows where they take too much memory', () => {
  const inputs = [1, 2, 3].map((session) => request(session, session, 1, session * 10));

  const { out, state } = run([...inputs, request(4, 4, 1, 500)], { maxBytes: 4_900 });

  assert.deepEqual(
    out.closed.map((c) => [c.sessionId, c.ended]),
    [[idOf(1), 'bound']],
  );
  assert.ok(estimatedBytes(state) <= 4_900);
});

test('emits the oldest held requests early at the bound', () => {
  const { out } = run([request(0, 1, 1, 10), request(1, 1, 2, 11), request(2, 1, 3, 12)], { maxHeld: 2 });

  assert.deepEqual([out.sequences.length, out.releasedEarly], [1, 1]);
});

test('refuses requests of unknown sessions only as far back as it has forgotten closed ones', () => {
  const inputs = [request(0, 1, 1, 0), request(1, 2, 1, 10_000), request(2, 3, 1, 100_000)];

  const { state, verdicts } = run([...inputs, request(3, 9, 1, 10_600), request(4, 9, 1, 10_601)], {
    rememberMs: 50_000,
  });

  assert.deepEqual(verdicts.slice(-2), ['window_closed', 'taken']);
  const changes = takeChanges(state);
  // The one that was taken is older than what is remembered, so it is closed and forgotten at once; of what was never
  // saved nothing has to be taken back.
  assert.deepEqual(
    changes.filter((c) => c.sessionId !== null).map((c) => [c.sessionId, c.entry !== null]),
    [[idOf(3), true]],
  );
});

test('holds a session that comes back to what was forgotten of it', () => {
  const { verdicts } = run(
    [request(0, 1, 1, 0), request(1, 2, 1, 100_000), request(2, 1, 2, 100_000), request(3, 1, 3, 600)],
    { rememberMs: 1_000 },
  );

  assert.deepEqual(verdicts, ['taken', 'taken', 'taken', 'window_closed']);
});

test('forgets closed sessions at the bound', () => {
  const inputs = [1, 2, 3].map((session) => request(session, session, 1, session * 10));

  const { out, state, verdicts } = run([...inputs, request(4, 4, 1, 5_000), request(5, 1, 1, 20)], {
    maxRemembered: 2,
  });

  assert.deepEqual([out.forgottenEarly, state.remembered, verdicts.at(-1)], [1, 2, 'window_closed']);
});

test('restores every counter with the state', () => {
  const inputs = [request(0, 1, 1, 0, 'live', 'a'), request(1, 2, 1, 400), request(2, 3, 1, 650)];
  const { state } = run(inputs);
  const held = takeHeld(state, 1, 10);
  const entries = takeChanges(state)
    .map((change) => change.entry)
    .filter((entry) => entry !== null) as ChangelogEntry[];

  const restored = restoreWindows([...entries, ...held]);

  const counters = (s: typeof state) => [
    s.openWindows,
    s.heldRequests,
    s.remembered,
    s.keptOperations,
    s.keptEventIds,
    s.sourceCount,
  ];
  assert.deepEqual(counters(restored), counters(state));
  assert.deepEqual(counters(restored), [1, 1, 1, 1, 0, 1]);
});

test('a window closed at the bound refuses what would stand before its last request, and takes the rest', () => {
  const inputs = [request(0, 1, 1, 10), request(1, 2, 1, 20), request(2, 3, 1, 30), request(3, 4, 1, 100)];

  const { out, verdicts } = run([...inputs, request(4, 1, 1, 9), request(5, 1, 1, 10)], { maxWindows: 2 });

  assert.deepEqual([out.closed[0]?.sessionId, out.closed[0]?.ended], [idOf(1), 'bound']);
  assert.deepEqual(verdicts.slice(-2), ['window_closed', 'taken']);
});

test('requests emitted early stay in one window, and none that came before them is let in', () => {
  const inputs = [10, 11, 12, 13].map((timeMs, i) => request(i, 1, i, timeMs, 'x'));

  const { out, verdicts } = run([...inputs, request(4, 1, 9, 9, 'x'), end('x')], { maxHeld: 1 });

  assert.deepEqual(
    out.closed.map((c) => c.operations),
    [[0, 1, 2, 3]],
  );
  assert.deepEqual([out.releasedEarly, verdicts[4]], [3, 'late']);
});

test('a source that holds little keeps its order beside one that holds too much', () => {
  const many = Array.from({ length: 50 }, (_, i) => request(i, i, 1, 1_000 + i / 100, 'import'));
  const few = [
    request(60, 1, 1, 103),
    request(61, 1, 2, 101),
    request(62, 1, 3, 109),
    request(63, 1, 4, 120),
  ];

  const { out, verdicts } = run([...many, ...few], { maxHeld: 50 });

  assert.ok(verdicts.every((verdict) => verdict === 'taken'));
  const live = out.sequences.filter((s) => s.source === 'live');
  assert.deepEqual(live.at(-1)?.operations, [2, 1, 3]);
});

test('forgets what has closed before it closes what is open, where both take too much memory', () => {
  const closed = Array.from({ length: 20 }, (_, i) => request(i, i, 1, i * 1_000));
  const open = [100, 101, 102].map((session, i) => request(50 + i, session, 1, 30_000 + i));

  const { out, state } = run([...closed, ...open, request(60, 200, 1, 30_100)], { maxBytes: 9_000 });

  assert.ok(out.closed.every((c) => c.ended === 'gap'));
  assert.deepEqual([state.openWindows, out.closed.length], [3, 20]);
  assert.ok(out.forgottenEarly > 0 && estimatedBytes(state) <= 9_000);
});

test('a request sent again is known by its id among any number of one time', () => {
  const burst = Array.from({ length: 300 }, (_, i) => request(i, 1, 1, 1_000, 'x', `id-${i}`));
  const again = burst.map((input, i) => ({ ...input, offset: 1_000 + i }) as WindowInput);

  const { out, state, verdicts } = run([...burst, request(400, 2, 1, 1_500, 'x'), ...again]);

  assert.deepEqual([...new Set(verdicts.slice(301))], ['repeated']);
  assert.equal(out.sequences.length, 300);
  assert.equal(state.keptEventIds, 300);

  // Once the session has gone on, those of before are late, with or without their ids.
  const later = run([
    ...burst,
    request(400, 1, 1, 1_500, 'x', 'new'),
    request(401, 1, 1, 1_600, 'x'),
    ...again,
  ]);
  assert.deepEqual([...new Set(later.verdicts.slice(302))].sort(), ['late', 'repeated']);
  assert.equal(later.state.keptEventIds, 256);
});

test('a repeat among many held of one session is known', () => {
  const burst = Array.from({ length: 5_000 }, (_, i) => request(i, 1, 1, 1_000, 'x', `id-${i}`));

  const { state, verdicts } = run([...burst, request(6_000, 1, 1, 1_000, 'x', 'id-2500')]);

  assert.equal(verdicts.at(-1), 'repeated');
  assert.equal(state.heldRequests, 5_000);
});

test('ends and forgets the imports that were silent longest where sources are too many', () => {
  const inputs = Array.from({ length: 6 }, (_, i) => request(i, i, 1, 1_000 + i, `import-${i}`));

  const { out, state } = run([...inputs, end('import-5', 1_006), request(9, 9, 1, 900), tick(1_010, false)], {
    maxSources: 4,
  });

  const left = [...(state.sources.get(zoneId)?.keys() ?? [])];
  assert.deepEqual(left, ['import-3', 'import-4', 'live']);
  assert.deepEqual(out.closed.map((c) => c.source).sort(), ['import-0', 'import-1', 'import-2', 'import-5']);
  assert.equal(state.sourceCount, left.length);
});

test('an import that ended by its silence is remembered from then on', () => {
  const silent = 48 * 3_600_000 + 1;
  const { verdicts } = run([
    request(0, 1, 1, 1_000, 'x', 'a'),
    tick(1_000 + silent),
    tick(1_250 + silent),
    request(1, 1, 1, 1_000, 'x', 'a'),
  ]);

  assert.equal(verdicts.at(-1), 'source_ended');
});

test('a trickle of live requests is emitted within the grace and half a second', () => {
  const slow = { settingsOf: () => ({ inactivityGapMs: 600_000, graceMs: 5_000 }) };
  const emittedMs = (bounds: Partial<WindowBounds>, ageMs: number): number => {
    const state = createWindows(bounds);
    const out = createOutputs();
    let worst = 0;
    const due: number[] = [];
    for (let nowMs = 1_000_000; nowMs < 1_060_000; nowMs += 250) {
      if (nowMs % 4_750 === 0) {
        due.push(nowMs);
        const input = request(nowMs, 1, 1, nowMs - ageMs);
        step(state, { ...input, receivedMs: nowMs } as WindowInput, slow, out);
      }
      step(state, tick(nowMs), slow, out);
      for (const _ of out.sequences.splice(0)) worst = Math.max(worst, nowMs - (due.shift() as number));
    }
    assert.ok(due.length < 3);
    return worst;
  };

  assert.ok(emittedMs({}, 0) <= 5_750);
  // Told otherwise, or with times of long ago, it waits for the silence that is said.
  assert.ok(emittedMs({ idleAfterMs: 5_000 }, 0) > 9_000);
  assert.ok(emittedMs({}, 60_000) > 9_000);
});
