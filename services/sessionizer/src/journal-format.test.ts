import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, journalHeadKey, PrecedeError, Topic } from '@precede/contracts';
import type { EventLog, LogRecord } from '@precede/log';
import {
  endOf,
  openHarness,
  readAll,
  requestOf,
  send,
  startOn,
  until,
  untilDone,
} from './harness.fixture.ts';
import { sessionizerGroup } from './index.ts';
import { checkJournalFormat } from './journal-format.ts';

const imported = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) =>
    requestOf(1, from + i, 1_700_000_000_000 + from + i, { source: 'import-1' }),
  );

/** The heads, written again as another release would have. */
const rewriteHeads = async (log: EventLog, headers: Readonly<Record<string, string>>): Promise<void> => {
  const newest = new Map<number, LogRecord>();
  for (const record of await readAll(log, Topic.changelog))
    if (record.key?.equals(journalHeadKey())) newest.set(record.partition, record);
  assert.ok(newest.size > 0, 'there is no head');
  const producer = await log.producer();
  await producer.send(
    [...newest.values()].map(({ partition, key, value }) => ({
      ...{ topic: Topic.changelog, partition, key: key as Buffer, value, headers },
    })),
  );
  await producer.close();
};

const runOnce = async (log: EventLog): Promise<void> => {
  const service = await startOn(log);
  await untilDone(log, sessionizerGroup);
  await service.close();
};

test('each head names its format', async (t) => {
  const { log, close } = await openHarness();
  t.after(close);
  await send(log, imported(0, 3));

  await runOnce(log);

  const heads = (await readAll(log, Topic.changelog)).filter(({ key }) => key?.equals(journalHeadKey()));
  assert.ok(heads.length > 0);
  for (const { headers } of heads) assert.deepEqual(headers, { format: '1' });
});

test('windows of a newer release are left alone and come back with it', async (t) => {
  const { log, close } = await openHarness();
  t.after(close);
  await send(log, imported(0, 3));
  await runOnce(log);
  await rewriteHeads(log, { format: '2' });
  const kept = await log.endOffsets(Topic.sequences);
  await send(log, [...imported(3, 6), endOf('import-1')]);

  const older = await startOn(log);
  await until('the refusals', async () =>
    /precede_sessionizer_failures_total [1-9]/.test(await older.metrics()),
  );

  assert.equal(older.health.isReady(), false);
  await older.close();
  assert.deepEqual(await log.endOffsets(Topic.sequences), kept);
  await rewriteHeads(log, { format: '1' });
  await runOnce(log);
  assert.equal((await readAll(log, Topic.sequences)).length, 6);
});

test('a head of a release that named no format is of the first one', async (t) => {
  const { log, close } = await openHarness();
  t.after(close);
  await send(log, imported(0, 3));
  await runOnce(log);
  await rewriteHeads(log, {});

  await send(log, [...imported(3, 6), endOf('import-1')]);
  await runOnce(log);

  assert.equal((await readAll(log, Topic.sequences)).length, 6);
});

test('says which formats do not meet, and what to do', () => {
  const record = { partition: 3, key: journalHeadKey(), headers: { format: '7' } } as unknown as LogRecord;

  assert.throws(
    () => checkJournalFormat(record),
    (error) =>
      error instanceof PrecedeError &&
      error.code === ErrorCode.stateMismatch &&
      /requests\.v1\/3 have journal format 7, of a newer release; this one knows 1\. Start the newer release/.test(
        error.message,
      ),
  );
});
