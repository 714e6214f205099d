/** The service on an embedded log: requests in, sequences and sessions out, through failures and restarts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deadLetterFromAvro,
  formatShortId,
  type RequestObserved,
  sequenceFromAvro,
  sessionFromAvro,
  Topic,
} from '@precede/contracts';
import type { EventLog } from '@precede/log';
import {
  configure,
  endOf,
  failing,
  openHarness,
  readAll,
  requestOf,
  send,
  startOn,
  until,
  untilDone,
  zoneId,
} from './harness.fixture.ts';
import { sessionizerGroup } from './index.ts';

/** A small generator with a seed (mulberry32), so that a failure can be seen again. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

/** Requests of one import in order of time, of 40 sessions, with gaps that end windows. */
const makeRequests = (count: number, seed: number): RequestObserved[] => {
  const draw = random(seed);
  let timeMs = 1_700_000_000_000;
  return Array.from({ length: count }, (_, i) => {
    timeMs += draw() < 0.005 ? 400_000 : Math.floor(draw() * 20_000);
    return requestOf(Math.floor(draw() * 40), Math.floor(draw() * 5), timeMs, {
      source: 'import-1',
      eventId: `import-1:${i}`,
    });
  });
};

/** What must come out, from all requests at once: windows by sorting, sequences by looking back. */
const expected = (requests: readonly RequestObserved[]): { sequences: string[]; sessions: string[] } => {
  const sequences: string[] = [];
  const sessions: string[] = [];
  for (const id of new Set(requests.map((r) => r.sessionId))) {
    const own = requests.filter((r) => r.sessionId === id).sort((a, b) => a.timeMs - b.timeMs);
    let from = 0;
    own.forEach((r, i) => {
      if (i > 0 && r.timeMs - (own[i - 1]?.timeMs ?? 0) > 600_000) from = i;
      const runs: [number, number][] = [];
      for (const each of own.slice(from, i + 1)) {
        const last = runs.at(-1);
        if (last?.[0] === each.operation) last[1] += 1;
        else runs.push([each.operation, 1]);
      }
      sequences.push(JSON.stringify([id.slice(0, 16), r.timeMs, runs.slice(-10)]));
      const next = own[i + 1];
      if (next === undefined || next.timeMs - r.timeMs > 600_000)
        sessions.push(JSON.stringify([id, own[from]?.timeMs, r.timeMs, i + 1 - from]));
    });
  }
  return { sequences: sequences.sort(), sessions: sessions.sort() };
};

const written = async (log: EventLog): Promise<{ sequences: string[]; sessions: string[] }> => {
  const sequences = (await readAll(log, Topic.sequences)).map((record) => {
    const s = sequenceFromAvro(log.codec.decode(Topic.sequences, record.value as Buffer));
    assert.equal(record.key?.toString('hex'), zoneId + formatShortId(s.operations.at(-1) as number));
    const runs = s.operations.map((operation, i) => [operation, s.runLengths[i]]);
    return JSON.stringify([s.pseudonym, s.timeMs, runs]);
  });
  const sessions = (await readAll(log, Topic.sessions)).map((record) => {
    const s = sessionFromAvro(log.codec.decode(Topic.sessions, record.value as Buffer));
    return JSON.stringify([s.sessionId, s.firstMs, s.lastMs, s.length]);
  });
  return { sequences: sequences.sort(), sessions: sessions.sort() };
};

test('writes each sequence and each closed window once, through failed steps, restarts and repeated deliveries', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const requests = makeRequests(1_500, 7);
  const draw = random(11);
  const flaky = failing(harness.log, () => draw() < 0.2);
  const env = { PRECEDE_SESSIONIZER_MAX_BATCH: '60', PRECEDE_SESSIONIZER_JOURNAL: '150' };

  for (let at = 0; at < requests.length; at += 500) {
    const service = await startOn(flaky, env);
    // A sender that got no answer sends the end of what it sent before once more.
    await send(harness.log, requests.slice(Math.max(0, at - 20), at + 500));
    if (at % 1_000 === 0) await untilDone(harness.log, sessionizerGroup);
    await service.close();
  }
  const service = await startOn(flaky, { ...env, PRECEDE_SESSIONIZER_JOURNAL: '1' });
  await send(harness.log, [endOf('import-1')]);
  await untilDone(harness.log, sessionizerGroup);
  const metrics = await service.metrics();
  await service.close();

  const out = await written(harness.log);
  const want = expected(requests);
  assert.deepEqual(out.sequences, want.sequences);
  assert.deepEqual(out.sessions, want.sessions);
  assert.match(metrics, /precede_sessionizer_open_windows 0\n/);
  assert.match(metrics, /precede_sessionizer_commit_seconds_count [1-9]/);
  assert.match(metrics, /precede_sessionizer_rebalances_total 1\n/);
  // Of each partition one source is left, which has ended.
  assert.match(metrics, /precede_sessionizer_state_bytes 1800\n/);
  // Of the state nothing is left but that the source has ended, and the head of a journal whose other records are void.
  const kept = new Map<string, boolean>();
  for (const record of await readAll(harness.log, Topic.changelog))
    kept.set(`${record.partition}/${record.key?.toString('latin1')}`, record.value !== null);
  const left = [...kept]
    .filter(([key, isThere]) => isThere && !/\/(journal|held)\//.test(key))
    .map(([key]) => key);
  assert.deepEqual(left.filter((key) => key.endsWith('journal')).sort(), ['0/journal', '1/journal']);
  assert.equal(left.length, 4);
});

test('dead-letters what cannot be read and what comes too late, with reason and origin', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { log } = harness;
  const producer = await log.producer();
  await producer.send([
    { topic: Topic.requests, key: Buffer.from('k'), partition: 0, value: Buffer.from('no record') },
    { topic: Topic.requests, key: Buffer.from('k'), partition: 0, value: null },
  ]);
  await producer.close();
  const source = 'x';
  await send(log, [
    requestOf(1, 1, 100_000, { source }),
    requestOf(1, 2, 200_000, { source }),
    requestOf(1, 3, 90_000, { source }),
    requestOf(1, 4, 2_000_000, { source }),
    requestOf(1, 5, 800_000, { source }),
    endOf(source),
    requestOf(1, 6, 2_000_000, { source }),
    requestOf(2, 1, 9_000_000_000_000_000),
    requestOf(2, 2 ** 32, 0),
  ]);

  const service = await startOn(log);
  t.after(() => service.close());
  await untilDone(log, sessionizerGroup);
  const metrics = await service.metrics();

  const letters = (await readAll(log, Topic.deadLetters)).map((record) => {
    const letter = deadLetterFromAvro(log.codec.decode(Topic.deadLetters, record.value as Buffer));
    assert.deepEqual(record.headers, {
      reason: letter.reason,
      topic: Topic.requests,
      partition: String(letter.partition),
      offset: String(letter.offset),
    });
    return letter.reason;
  });
  assert.deepEqual(letters.sort(), [
    'late',
    'source_ended',
    ...Array.from({ length: 4 }, () => 'unreadable'),
    'window_closed',
  ]);
  assert.match(metrics, /precede_sessionizer_unreadable_records_total 4\n/);
  assert.match(metrics, /precede_sessionizer_refused_requests_total\{reason="window_closed"\} 1\n/);
  assert.match(metrics, /precede_sessionizer_sequences_total 3\n/);
});

test('refuses what no ingest lets through: live requests of tomorrow, endless ids, nameless sources', async (t) => {
  const clock = { nowMs: 1_800_000_000_000, now: () => clock.nowMs };
  const harness = await openHarness(clock);
  t.after(() => harness.close());
  const { log } = harness;
  const minute = 60_000;
  await send(log, [
    requestOf(1, 1, clock.nowMs + 11 * minute),
    requestOf(1, 2, clock.nowMs + 2_880 * minute, { source: 'import' }),
    requestOf(1, 3, clock.nowMs, { eventId: 'x'.repeat(129) }),
    requestOf(1, 4, clock.nowMs, { source: 'a b' }),
    requestOf(1, 5, clock.nowMs, { eventId: 'x'.repeat(128) }),
  ]);

  const service = await startOn(log, {}, clock);
  t.after(() => service.close());
  await untilDone(log, sessionizerGroup);
  clock.nowMs += minute;
  await until('the one that is right', async () => (await readAll(log, Topic.sequences)).length === 1);

  const letters = (await readAll(log, Topic.deadLetters)).map(
    (record) => deadLetterFromAvro(log.codec.decode(Topic.deadLetters, record.value as Buffer)).message,
  );
  assert.deepEqual(letters.sort(), [
    'The event id is longer than 128 bytes.',
    'The source is no name.',
    'The time of a live request is more than 10 minutes ahead of the clock of the log.',
  ]);
});

test('a session that holds more than fits a record goes through a base and a restart', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { log } = harness;
  const count = 20_000;
  const source = 'import-1';
  const at = (i: number) => 1_700_000_000_000 + (i % 10);
  const eventId = (i: number) => `${i}-`.padEnd(128, 'x');
  for (let from = 0; from < count; from += 5_000)
    await send(
      log,
      Array.from({ length: 5_000 }, (_, i) =>
        requestOf(1, (from + i) % 7, at(from + i), { source, eventId: eventId(from + i) }),
      ),
    );
  const env = { PRECEDE_SESSIONIZER_JOURNAL: '1', PRECEDE_SESSIONIZER_MAX_BATCH: '5000' };
  const before = await startOn(log, env);
  await untilDone(log, sessionizerGroup);
  await before.close();
  for (const { value } of await readAll(log, Topic.changelog)) assert.ok((value?.length ?? 0) < 1_048_576);

  const after = await startOn(log, env);
  t.after(() => after.close());
  await send(log, [requestOf(1, 1, at(3), { source, eventId: eventId(3) }), endOf(source)]);
  await untilDone(log, sessionizerGroup);

  assert.match(await after.metrics(), /precede_sessionizer_repeated_requests_total 1\n/);
  assert.equal((await readAll(log, Topic.sequences)).length, count);
  assert.equal((await written(log)).sessions.length, 1);
});

test('does not go on where the offsets of its group were moved', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { log } = harness;
  await send(
    log,
    [1, 2, 3].map((i) => requestOf(1, i, 1_700_000_000_000 + i, { source: 'import-1' })),
  );
  const before = await startOn(log);
  await untilDone(log, sessionizerGroup);
  await before.close();
  const kept = await log.endOffsets(Topic.sequences);

  // Somebody goes on without the journal.
  const foreign = await log.process({
    group: sessionizerGroup,
    topic: Topic.requests,
    isTransactional: false,
    open: async () => ({
      step: async ({ position, records }) => ({ outputs: [], commit: records.length > 0 ? position : null }),
      close: async () => {},
    }),
  });
  await send(log, [requestOf(1, 4, 1_700_000_000_004, { source: 'import-1' })]);
  await untilDone(log, sessionizerGroup);
  await foreign.close();
  const after = await startOn(log);
  t.after(() => after.close());
  await send(log, [requestOf(1, 5, 1_700_000_000_005, { source: 'import-1' }), endOf('import-1')]);

  await until('the refusals', async () =>
    /precede_sessionizer_failures_total [1-9]/.test(await after.metrics()),
  );
  assert.equal(after.health.isReady(), false);
  assert.deepEqual(await log.endOffsets(Topic.sequences), kept);
});

test('closes the windows of silent live traffic by the clock and writes nothing while nothing happens', async (t) => {
  const clock = { nowMs: 1_800_000_000_000, now: () => clock.nowMs };
  const harness = await openHarness(clock);
  t.after(() => harness.close());
  const { log } = harness;
  await configure(log, 60_000, 1_000);
  await send(log, [requestOf(1, 1, clock.nowMs - 10), requestOf(1, 2, clock.nowMs)]);
  const service = await startOn(log, {}, clock);
  t.after(() => service.close());
  await untilDone(log, sessionizerGroup);
  assert.equal((await readAll(log, Topic.sequences)).length, 0);

  clock.nowMs += 1_002;
  await until('both sequences', async () => (await readAll(log, Topic.sequences)).length === 2);
  const before = await log.endOffsets(Topic.changelog);
  clock.nowMs += 50_000;
  await new Promise((resolve) => setTimeout(resolve, 600));
  const after = await log.endOffsets(Topic.changelog);
  clock.nowMs += 10_001;
  await until('the closed window', async () => (await readAll(log, Topic.sessions)).length === 1);

  assert.deepEqual(after, before);
});

test('a stop of 15 minutes splits no session that went on meanwhile', async (t) => {
  const clock = { nowMs: 1_800_000_000_000, now: () => clock.nowMs };
  const harness = await openHarness(clock);
  t.after(() => harness.close());
  const { log } = harness;
  const minute = 60_000;
  await configure(log, 10 * minute, 5_000);
  const before = await startOn(log, {}, clock);
  await send(log, [requestOf(1, 1, clock.nowMs), requestOf(2, 1, clock.nowMs)]);
  await untilDone(log, sessionizerGroup);
  await before.close();
  const began = clock.nowMs;
  for (let i = 1; i <= 15; i += 1) {
    clock.nowMs += minute;
    await send(log, [requestOf(1, i + 1, clock.nowMs)]);
  }
  // Behind all of it, so that the first clock it sees is far past every gap.
  clock.nowMs += minute;

  const after = await startOn(log, { PRECEDE_SESSIONIZER_MAX_BATCH: '1' }, clock);
  t.after(() => after.close());
  await untilDone(log, sessionizerGroup);
  clock.nowMs += 11 * minute;
  await until('both closed', async () => (await readAll(log, Topic.sessions)).length === 2);

  const { sessions } = await written(log);
  assert.deepEqual(sessions, [
    JSON.stringify([requestOf(1, 0, 0).sessionId, began, began + 15 * minute, 16]),
    JSON.stringify([requestOf(2, 0, 0).sessionId, began, began, 1]),
  ]);
});

test('answers ready once configuration and partitions are there, and shows its metrics', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());

  const service = await startOn(harness.log);
  t.after(() => service.close());
  await until('ready', async () => (await fetch(`${service.address}/readyz`)).status === 200);
  const ready = (await (await fetch(`${service.address}/readyz`)).json()) as { conditions: object };
  const metrics = await (await fetch(`${service.address}/metrics`)).text();

  assert.deepEqual(Object.keys(ready.conditions), ['config', 'partitions']);
  assert.match(metrics, /precede_sessionizer_restore_seconds_count 2\n/);
});
