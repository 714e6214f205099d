import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type ConfigRecord,
  configHeaders,
  configKey,
  configToAvro,
  ErrorCode,
  PrecedeError,
  Topic,
  topicSpecs,
  type ZoneId,
} from '@precede/contracts';
import { tailConfig } from './config-tail.ts';
import { openEmbeddedLog } from './embedded.ts';
import type { AvroCodec, EventLog, LogRecord, OutgoingRecord } from './port.ts';

const zoneId = 'a'.repeat(32) as ZoneId;
const change = (revision: number, names: readonly string[] | null): ConfigRecord => ({
  zoneId,
  revision,
  records: 1,
  kind: 'session_identifiers',
  // Of its own: a later record of the same key would take its place.
  id: String(revision),
  identifiers: names?.map((name) => ({ type: 'cookie', name })) ?? null,
});
const outgoing = (codec: AvroCodec, record: ConfigRecord): OutgoingRecord => {
  const value = configToAvro(record);
  return {
    topic: Topic.config,
    key: configKey(zoneId, record.kind, record.id),
    value: value === null ? null : codec.encode(Topic.config, value),
    headers: configHeaders(record),
  };
};
const garbage: OutgoingRecord = { topic: Topic.config, key: Buffer.from('g'), value: Buffer.from('?') };
const weather: OutgoingRecord = {
  topic: Topic.config,
  key: Buffer.from('w'),
  value: null,
  headers: { kind: 'weather' },
};
// As it comes out of Avro.
const plain = (changes: readonly ConfigRecord[]): unknown => JSON.parse(JSON.stringify(changes));

const withLog = async (body: (log: EventLog) => Promise<void>): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-config-tail-'));
  const log = await openEmbeddedLog({ dir, partitions: 2 });
  try {
    await log.ensureTopics(topicSpecs);
    await body(log);
  } finally {
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

test('gives changes in log order and passes what is unreadable or unknown, each told apart', async () => {
  await withLog(async (log) => {
    const written = [change(1, ['sid']), change(2, null), change(3, ['a', 'b'])];
    const [first, ...rest] = written.map((record) => outgoing(log.codec, record));
    const producer = await log.producer();
    await producer.send([first as OutgoingRecord, garbage, weather, ...rest]);
    const changes: ConfigRecord[] = [];
    const unreadable: [unknown, LogRecord][] = [];
    const unknown: LogRecord[] = [];

    const tail = await tailConfig(log, {
      onChanges: (some) => void changes.push(...some),
      onUnreadable: (...it) => unreadable.push(it),
      onUnknown: (record) => unknown.push(record),
      onError: (error) => assert.fail(error as Error),
    });
    await tail.caughtUp;
    await tail.close();

    assert.deepEqual(plain(changes), plain(written));
    const [error, record] = unreadable[0] ?? [];
    assert.ok(error instanceof PrecedeError && error.code === ErrorCode.recordUnreadable);
    assert.deepEqual([unreadable.length, record?.offset, record?.key], [1, 1, garbage.key]);
    assert.deepEqual(
      unknown.map(({ offset, headers }) => [offset, headers]),
      [[2, weather.headers]],
    );
  });
});

test('tells of a batch of which nothing is readable', async () => {
  await withLog(async (log) => {
    const producer = await log.producer();
    await producer.send([garbage, weather]);
    const seen: number[] = [];

    const tail = await tailConfig(log, {
      onChanges: (changes) => void seen.push(changes.length),
      onUnreadable: () => {},
    });
    await tail.caughtUp;
    await tail.close();

    assert.deepEqual(seen, [0]);
  });
});

test('brings a batch again whose changes were not taken', async () => {
  await withLog(async (log) => {
    const written = [change(1, ['sid']), change(2, ['sid', 'jwt'])];
    const producer = await log.producer();
    await producer.send(written.map((record) => outgoing(log.codec, record)));
    const errors: unknown[] = [];
    let taken: readonly ConfigRecord[] = [];

    const tail = await tailConfig(log, {
      onChanges: async (changes) => {
        if (errors.length === 0) throw new Error('away');
        taken = changes;
      },
      onUnreadable: () => {},
      onError: (error) => errors.push(error),
    });
    await tail.caughtUp;
    await tail.close();

    assert.deepEqual(plain(taken), plain(written));
    assert.deepEqual(
      errors.map((error) => (error as Error).message),
      ['away'],
    );
  });
});
