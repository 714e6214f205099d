/** The journal: whatever is restored from base and chunks goes on exactly as what was never dropped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ChangelogEntry,
  changelogFromAvro,
  changelogToAvro,
  journalChunkKey,
  journalHeadKey,
  journalHeldKey,
  type RequestEvent,
  type SessionId,
  type ShortId,
  type SourceId,
  watermarkKey,
  windowKey,
  type ZoneId,
} from '@precede/contracts';
import fc from 'fast-check';
import {
  createOutputs,
  type JournalLimits,
  type JournalWrite,
  maxChunks,
  restoreJournal,
  step,
  type WindowBounds,
  WindowJournal,
  type WindowSettings,
} from './index.ts';

const zoneIds = ['a', 'b'].map((digit) => digit.repeat(32) as ZoneId);
const small: Partial<WindowBounds> = {
  maxWindows: 3,
  maxBytes: 6_000,
  maxHeld: 4,
  maxRemembered: 2,
  rememberMs: 150,
  maxOperations: 3,
  maxEventIds: 2,
  sourceKeptMs: 250,
  maxSources: 3,
};

interface Record {
  readonly event: RequestEvent;
  readonly offset: number;
  readonly receivedMs: number;
}
interface Batch {
  readonly records: readonly Record[];
  readonly nowMs: number;
  readonly isAtEnd: boolean;
  /** By zone. */
  readonly settings: readonly WindowSettings[];
}

type Saved = Map<string, ChangelogEntry>;

const put = (saved: Saved, key: Buffer, entry: ChangelogEntry | null): void => {
  if (entry === null) saved.delete(key.toString('latin1'));
  else saved.set(key.toString('latin1'), structuredClone(changelogFromAvro(changelogToAvro(entry))));
};

const save = (saved: Saved, write: JournalWrite | undefined): void => {
  if (write === undefined) return;
  if (write.kind === 'chunks') {
    for (const chunk of write.chunks) put(saved, journalChunkKey(chunk.sequence), chunk);
    return;
  }
  for (const { zoneId, source, sessionId, entry } of write.changes)
    put(
      saved,
      sessionId === null ? watermarkKey(zoneId, source) : windowKey(zoneId, source, sessionId),
      entry,
    );
  for (const held of write.held) put(saved, journalHeldKey(held.sequence), held);
  put(saved, journalHeadKey(), write.head);
};

interface Ran {
  readonly seen: unknown[];
  readonly saved: Saved;
  readonly writes: readonly string[];
}

/** At the batches of `restarts` everything but what was saved is dropped first. */
const run = (
  batches: readonly Batch[],
  restarts: ReadonlySet<number>,
  limits: JournalLimits,
  bounds: readonly Partial<WindowBounds>[] = [small],
): Ran => {
  const saved: Saved = new Map();
  const seen: unknown[] = [];
  const writes: string[] = [];
  let restored = restoreJournal([], bounds[0]);
  let journal = new WindowJournal(restored.journal, limits);
  batches.forEach((batch, i) => {
    if (restarts.has(i)) {
      restored = restoreJournal(saved.values(), bounds[i % bounds.length]);
      journal = new WindowJournal(restored.journal, limits);
    }
    const { state } = restored;
    const zones = { settingsOf: (id: ZoneId) => batch.settings[zoneIds.indexOf(id)] as WindowSettings };
    const out = createOutputs();
    for (const { event, offset, receivedMs } of batch.records) {
      const verdict = step(state, { kind: 'record', event, offset, receivedMs }, zones, out);
      journal.add(state, event, offset, verdict);
      seen.push(verdict);
    }
    journal.beforeTick(state, zones);
    step(state, { kind: 'tick', nowMs: batch.nowMs, isAtEnd: batch.isAtEnd }, zones, out);
    const write = journal.write(
      state,
      { nowMs: batch.nowMs, isAtEnd: batch.isAtEnd, position: batch.records.at(-1)?.offset ?? 0 },
      batch.records.length > 0,
    );
    // One tick goes through the zones and sources in any order.
    const order = (a: { zoneId: string; source: string }, b: { zoneId: string; source: string }): number =>
      `${a.zoneId}${a.source}` < `${b.zoneId}${b.source}`
        ? -1
        : Number(a.zoneId !== b.zoneId || a.source !== b.source);
    seen.push(structuredClone([out.sequences.toSorted(order), out.closed.toSorted(order)]));
    seen.push([out.releasedEarly, out.forgottenEarly]);
    save(saved, write);
    writes.push(write?.kind ?? 'nothing');
  });
  return { seen, saved, writes };
};

const settings = fc.record({
  inactivityGapMs: fc.constantFrom(40, 60, 60, 90),
  graceMs: fc.constantFrom(5, 10, 10, 20),
});
const drawn = fc.record({
  zone: fc.nat({ max: 1 }),
  session: fc.integer({ min: 1, max: 4 }),
  operation: fc.integer({ min: 1, max: 3 }),
  advanceMs: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 90 })),
  delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 200 })),
  source: fc.constantFrom('live', 'live', 'import'),
  eventId: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
  isEnd: fc.nat({ max: 25 }).map((n) => n === 0),
});
const drawnBatch = fc.record({
  records: fc.array(drawn, { maxLength: 8 }),
  pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
  isAtEnd: fc.boolean(),
  settings: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.tuple(settings, settings) },
  ),
});

const batches: fc.Arbitrary<Batch[]> = fc.array(drawnBatch, { maxLength: 25, size: 'max' }).map((list) => {
  let nowMs = 1_000;
  let offset = 0;
  let current: readonly WindowSettings[] = zoneIds.map(() => ({ inactivityGapMs: 60, graceMs: 10 }));
  return list.map((batch): Batch => {
    current = batch.settings ?? current;
    const records = batch.records.map((each): Record => {
      nowMs += each.advanceMs;
      offset += 1;
      const named = { zoneId: zoneIds[each.zone] as ZoneId, source: each.source as SourceId };
      const event: RequestEvent = each.isEnd
        ? { kind: 'source_ended', ...named }
        : {
            kind: 'request',
            ...named,
            sessionId: each.session.toString(16).padStart(32, '0') as SessionId,
            operation: each.operation as ShortId,
            timeMs: nowMs - each.delayMs,
            status: 200,
            durationMs: 1.5,
            bytes: 7,
            eventId: each.eventId,
          };
      return { event, offset, receivedMs: nowMs };
    });
    nowMs += batch.pauseMs;
    return { records, nowMs, isAtEnd: batch.isAtEnd, settings: current };
  });
});
const places = fc.array(fc.nat({ max: 25 }), { maxLength: 8 }).map((list) => new Set(list));
const runs = Number(process.env['PRECEDE_TEST_RUNS'] ?? 1_000);
const never: JournalLimits = { minRequests: 1e9, requestsPerWindow: 0, requestsInRecord: 3 };

test('a restart at any batch changes nothing, whatever was based, journaled or configured meanwhile', () => {
  fc.assert(
    fc.property(batches, places, fc.integer({ min: 0, max: 30 }), (list, restarts, minRequests) => {
      const whole = run(list, new Set(), never);

      const parts = run(list, restarts, { minRequests, requestsPerWindow: 0, requestsInRecord: 2 });

      assert.deepEqual(parts.seen, whole.seen);
    }),
    { numRuns: runs },
  );
});

test('under other bounds the journal is replayed under those it was made with', () => {
  const other: Partial<WindowBounds> = { ...small, maxWindows: 1, maxHeld: 2, maxOperations: 2 };
  fc.assert(
    fc.property(batches, places, (list, restarts) => {
      // The bounds in force at a batch are those of the last restart: the same with and without a journal.
      const based = run(list, restarts, { minRequests: 0, requestsPerWindow: 0, requestsInRecord: 1 }, [
        small,
        other,
      ]);

      const journaled = run(list, restarts, never, [small, other]);

      assert.deepEqual(journaled.seen, based.seen);
    }),
    { numRuns: runs },
  );
});

const oneRequest = (offset: number): Batch => ({
  records: [
    {
      event: {
        kind: 'request',
        zoneId: zoneIds[0] as ZoneId,
        source: 'live' as SourceId,
        sessionId: '1'.repeat(32) as SessionId,
        operation: 1 as ShortId,
        timeMs: 1_000 + offset,
        status: null,
        durationMs: null,
        bytes: null,
        eventId: null,
      },
      offset,
      receivedMs: 1_000 + offset,
    },
  ],
  nowMs: 1_000 + offset,
  isAtEnd: false,
  settings: [
    { inactivityGapMs: 60, graceMs: 10 },
    { inactivityGapMs: 60, graceMs: 10 },
  ],
});

test('begins with a base, goes on in chunks, and begins anew where they are too many or too large', () => {
  const many = Array.from({ length: maxChunks + 3 }, (_, i) => oneRequest(i));

  const { writes } = run(many, new Set(), never, [{}]);
  const few = run(
    many.slice(0, 10),
    new Set(),
    { minRequests: 3, requestsPerWindow: 0, requestsInRecord: 9 },
    [{}],
  ).writes;

  assert.deepEqual(
    writes.flatMap((kind, i) => (kind === 'base' ? [i] : [])),
    [0, maxChunks + 1],
  );
  assert.equal(few.join(' '), 'base chunks chunks chunks base chunks chunks chunks base chunks');
});

test('a step in which nothing happens writes nothing', () => {
  const idle: Batch = { ...oneRequest(0), records: [], nowMs: 1_001, isAtEnd: true };

  assert.deepEqual(run([oneRequest(0), idle, idle], new Set(), never, [{}]).writes, [
    'base',
    'nothing',
    'nothing',
  ]);
});

test('a missing chunk is told', () => {
  const { saved } = run([0, 1, 2, 3].map(oneRequest), new Set(), never, [{}]);
  saved.delete(journalChunkKey(1).toString('latin1'));

  assert.throws(() => restoreJournal(saved.values()), /Chunk 1 of the journal is missing/);
});

test('a step of many requests or settings is as many records, and is restored', () => {
  const zoneOf = (n: number): ZoneId => n.toString(16).padStart(32, '0') as ZoneId;
  const zones = { settingsOf: () => ({ inactivityGapMs: 60, graceMs: 10 }) };
  const restored = restoreJournal([]);
  const limits = { minRequests: 1e9, requestsPerWindow: 0, requestsInRecord: 4_000 };
  const journal = new WindowJournal(restored.journal, limits);
  const saved: Saved = new Map();
  const takeStep = (count: number, position: number): number => {
    for (let i = 0; i < count; i++) {
      const { event } = oneRequest(i).records[0] as Record;
      const named = { ...event, zoneId: zoneOf(i), eventId: `${position}-${i}` } as RequestEvent;
      const verdict = step(
        restored.state,
        { kind: 'record', event: named, offset: position + i, receivedMs: 0 },
        zones,
        createOutputs(),
      );
      journal.add(restored.state, named, position + i, verdict);
    }
    journal.beforeTick(restored.state, zones);
    const end = { nowMs: 1, isAtEnd: false, position: position + count };
    const write = journal.write(restored.state, end, true);
    save(saved, write);
    return write?.kind === 'chunks' ? write.chunks.length : -1;
  };

  assert.equal(takeStep(9_000, 0), -1);
  assert.equal(takeStep(10_001, 10_000), 3);
  const again = restoreJournal(saved.values());

  assert.equal(restored.state.heldRequests, 19_001);
  assert.equal(again.state.heldRequests, 19_001);
  assert.equal(again.journal.position, 20_001);
  assert.equal(again.journal.settings.size, 10_001);
  assert.equal(saved.get(journalHeldKey(2).toString('latin1'))?.kind, 'held');
  saved.delete(journalHeldKey(2).toString('latin1'));
  assert.throws(() => restoreJournal(saved.values()), /Held requests of the journal are missing/);
});
