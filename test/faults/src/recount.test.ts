import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestEvent, SessionId, ShortId, SourceId, ZoneId } from '@precede/contracts';
import { Recount } from './recount.ts';

const zoneId = 'a0'.repeat(16) as ZoneId;
const source = 'import-1' as SourceId;

const request = (session: string, operation: number, timeMs: number, eventId?: string): RequestEvent => ({
  kind: 'request',
  zoneId,
  sessionId: session.repeat(32) as SessionId,
  operation: operation as ShortId,
  timeMs,
  source,
  status: null,
  durationMs: null,
  bytes: null,
  eventId: eventId ?? null,
});
const end: RequestEvent = { kind: 'source_ended', zoneId, source };

/** With a gap of 100 and a grace of 10: what is said of each event, and what comes of all. */
const recount = (events: readonly RequestEvent[]) => {
  const sequences: string[] = [];
  const closed: string[] = [];
  const partition = new Recount(() => ({ gapMs: 100, graceMs: 10 }), {
    sequence: ({ session, timeMs, operations, runLengths, ageMs }) =>
      sequences.push(`${session[0]} ${timeMs}: ${operations} × ${runLengths}, ${ageMs}`),
    closed: ({ session, requests, ended }) =>
      closed.push(`${session[0]}: ${requests.map((each) => each.timeMs)} ${ended}`),
  });
  const judgements = events.map((event) => partition.take(event));
  partition.finish();
  return { judgements, sequences, closed };
};

test('puts requests in order within the grace and tells their runs', () => {
  const { judgements, sequences, closed } = recount([
    request('a', 1, 1_000),
    request('a', 2, 995),
    request('a', 1, 1_000),
    request('a', 3, 1_050),
    end,
  ]);

  assert.deepEqual(judgements, ['taken', 'taken', 'taken', 'taken', 'taken']);
  assert.deepEqual(sequences, [
    'a 995: 2 × 1, 0',
    'a 1000: 2,1 × 1,1, 5,0',
    'a 1000: 2,1 × 1,2, 5,0',
    'a 1050: 2,1,3 × 1,2,1, 55,50,0',
  ]);
  assert.deepEqual(closed, ['a: 995,1000,1000,1050 source_ended']);
});

test('refuses what is late for its session, and not what is old alone', () => {
  const { judgements, closed } = recount([
    request('a', 1, 1_000),
    request('a', 1, 1_050),
    request('b', 1, 900),
    request('a', 2, 999),
    request('b', 1, 2_000),
    request('a', 2, 1_150),
    request('a', 2, 1_151),
    end,
    request('c', 1, 9_000),
    end,
  ]);

  assert.deepEqual(judgements, [
    'taken',
    'taken',
    'taken',
    'late',
    'taken',
    'window_closed',
    'taken',
    'taken',
    'source_ended',
    'repeated',
  ]);
  assert.deepEqual(closed, ['b: 900 gap', 'a: 1000,1050 gap', 'a: 1151 gap', 'b: 2000 source_ended']);
});

test('drops an event id that its window has or that waits', () => {
  const { judgements } = recount([
    request('a', 1, 1_000, 'x'),
    request('a', 1, 1_000, 'x'),
    request('a', 1, 1_050, 'y'),
    request('a', 1, 1_000, 'x'),
    request('b', 1, 5_000),
    request('a', 1, 1_000, 'x'),
  ]);

  assert.deepEqual(judgements, ['taken', 'repeated', 'taken', 'repeated', 'taken', 'window_closed']);
});
