import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DropReason, deadLetterFromAvro, Topic } from '@precede/contracts';
import { deadLetterOf } from './dead-letter.ts';
import { openEmbeddedCodec } from './embedded-codec.ts';
import type { LogRecord } from './port.ts';

const record: LogRecord = {
  topic: Topic.sequences,
  partition: 3,
  offset: 7,
  appendTimeMs: 1,
  key: Buffer.from('key'),
  value: Buffer.alloc(512 * 1024, 'v'),
  headers: {},
};

test('a dead letter names its origin in key and headers and holds key and value', async () => {
  const codec = await openEmbeddedCodec();

  const { topic, key, headers, value } = deadLetterOf(codec, record, DropReason.unreadable, 'not Avro');

  assert.deepEqual([topic, key.toString()], [Topic.deadLetters, 'sequences.v1/3']);
  assert.deepEqual(headers, { reason: 'unreadable', topic: 'sequences.v1', partition: '3', offset: '7' });
  const letter = deadLetterFromAvro(codec.decode(topic, value as Buffer));
  assert.deepEqual([letter.message, letter.key, letter.value], ['not Avro', record.key, record.value]);
});

test('a value above 512 KiB is left out of its dead letter, which so fits into a record', async () => {
  const codec = await openEmbeddedCodec();
  const large = { ...record, value: Buffer.alloc(512 * 1024 + 1) };

  const { topic, value } = deadLetterOf(codec, large, DropReason.late, 'too late');

  const letter = deadLetterFromAvro(codec.decode(topic, value as Buffer));
  assert.deepEqual([letter.reason, letter.key, letter.value], ['late', record.key, null]);
});
