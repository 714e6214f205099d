import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, InputError, PrecedeError, Topic, type TopicName } from '@precede/contracts';
import fc from 'fast-check';
import { parseType, type TopicSchemas } from './avro-codec.ts';
import { createEmbeddedCodec, openEmbeddedCodec } from './embedded-codec.ts';

const codec = await openEmbeddedCodec();
const request = {
  kind: 'request',
  zone: Buffer.alloc(16, 1),
  session: Buffer.alloc(16, 2),
  operation: 4294967295,
  time: 1_700_000_000_000,
  source: 'live',
  status: 200,
  duration_ms: 1.5,
  bytes: null,
  event_id: null,
};
const emptySequence = (): Buffer =>
  codec.encode(Topic.sequences, {
    zone: Buffer.alloc(16),
    time: 0,
    source: 's',
    operations: [],
    run_lengths: [],
    age_ms: [],
    pseudonym: Buffer.alloc(8),
  });
const unreadable = (error: unknown): boolean =>
  error instanceof PrecedeError && error.code === ErrorCode.recordUnreadable;

test('gives back what was encoded, nullable fields as plain values', () => {
  const frame = codec.encode(Topic.requests, request);

  assert.equal(frame.readUInt16BE(0), 0xc301);
  assert.deepEqual({ ...(codec.decode(Topic.requests, frame) as object) }, request);
});

test('finds the body of what this version wrote, and of nothing else', () => {
  const frame = codec.encode(Topic.requests, request);

  const body = codec.bodyOf(Topic.requests, frame);

  assert.equal(body, 10);
  assert.equal(codec.bodyOf(Topic.sequences, frame), -1);
  assert.equal(codec.bodyOf(Topic.requests, frame.subarray(0, 9)), -1);
});

test('a value that does not fit is refused with a pointer to the fault', () => {
  assert.throws(
    () => codec.encode(Topic.requests, { ...request, status: 'ok' }),
    (error) => error instanceof InputError && error.pointer === '/status',
  );
});

test('a value larger than the buffer is encoded whole', () => {
  const letter = {
    reason: 'late',
    topic: 't',
    partition: 0,
    offset: 1,
    message: 'm',
    key: null,
    value: Buffer.alloc(3_000_000, 7),
  };

  const decoded = codec.decode(Topic.deadLetters, codec.encode(Topic.deadLetters, letter));

  assert.deepEqual({ ...(decoded as object) }, letter);
});

test('data of an earlier release is read with the schema it was written with', () => {
  const old = parseType({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] });
  const fields = [
    { name: 'b', type: 'int', default: 7 },
    { name: 'a', type: 'string' },
  ];
  const now = parseType({ type: 'record', name: 'R', fields });
  const schemas = (current: TopicSchemas['current'], released: TopicSchemas['released']) =>
    new Map<TopicName, TopicSchemas>([[Topic.config, { text: '', current, released }]]);

  const frame = createEmbeddedCodec(schemas(old, [])).encode(Topic.config, { a: 'x' });

  const decoded = createEmbeddedCodec(schemas(now, [old])).decode(Topic.config, frame);
  assert.deepEqual({ ...(decoded as object) }, { b: 7, a: 'x' });
});

test('garbage is unreadable, whatever it is, and never anything else', () => {
  const head = emptySequence();
  const mostly = fc.uint8Array({ maxLength: 80 });
  fc.assert(
    fc.property(mostly, fc.boolean(), fc.nat(40), (bytes, isFramed, keep) => {
      const frame = isFramed ? Buffer.concat([head.subarray(0, 10 + keep), bytes]) : Buffer.from(bytes);
      try {
        codec.decode(Topic.sequences, frame);
      } catch (error) {
        assert.ok(unreadable(error), String(error));
      }
    }),
  );
});

test('an array that claims four thousand million items is refused at once', () => {
  const body = Buffer.concat([
    Buffer.alloc(16),
    Buffer.from([0, 0]),
    Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x1f]),
  ]);
  const frame = Buffer.concat([emptySequence().subarray(0, 10), body]);

  assert.throws(() => codec.decode(Topic.sequences, frame), unreadable);
});
