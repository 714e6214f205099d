import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch, LogRecord } from './port.ts';
import { Progress } from './progress.ts';

const record = (appendTimeMs: number): LogRecord => ({
  ...{ topic: 'requests.v1', partition: 0, offset: 0, appendTimeMs, key: null, value: null, headers: {} },
});
const batch = (records: readonly LogRecord[], position: number, isAtEnd: boolean, nowMs: number): Batch => ({
  ...{ records, position, isAtEnd, nowMs },
});

test('knows neither position nor time before it is open', () => {
  const { position, doneUpToMs, isOpen } = new Progress(3).look();

  assert.deepEqual([position, doneUpToMs, isOpen], [null, null, false]);
});

test('what is taken and not done bounds the age of the first record, and moves nothing', () => {
  const progress = new Progress(0);
  progress.opened(10);

  progress.taken(batch([record(500)], 11, false, 9_000));

  const { position, doneUpToMs } = progress.look();
  assert.deepEqual([position, doneUpToMs], [10, 500]);
});

test('a step that ended well moves the position, and all is done up to the end or the last record', () => {
  const progress = new Progress(0);
  progress.opened(10);

  progress.stepped(batch([record(500), record(700)], 12, false, 9_000));
  const behind = progress.look();
  progress.stepped(batch([], 12, true, 9_250));
  const atEnd = progress.look();

  assert.deepEqual([behind.position, behind.doneUpToMs], [12, 700]);
  assert.deepEqual([atEnd.position, atEnd.doneUpToMs], [12, 9_250]);
});

test('a partition that is opened anew keeps what was done', () => {
  const progress = new Progress(0);
  progress.opened(10);
  progress.stepped(batch([record(700)], 11, false, 9_000));

  progress.closed();

  const { position, doneUpToMs, isOpen } = progress.look();
  assert.deepEqual([position, doneUpToMs, isOpen], [11, 700, false]);
});
