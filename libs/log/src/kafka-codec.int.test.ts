import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { ConfigError, ErrorCode, InputError, Topic, topicSpecs } from '@precede/contracts';
import { acquireKafka } from '@precede/testkit';
import avsc, { type Schema } from 'avsc';
import { readSchemas } from './avro-codec.ts';
import { type TestOptions, testOptions } from './kafka.test-child.ts';
import { openKafkaLog } from './kafka.ts';

const kafka = await acquireKafka();

interface RecordSchema {
  readonly fields: readonly { readonly name: string }[];
}

const textOf = async (): Promise<string> => (await readSchemas()).get(Topic.deadLetters)?.text ?? '';

/** The schema with one field more. */
const changed = (text: string, added: object): string => {
  const schema = JSON.parse(text) as RecordSchema;
  return JSON.stringify({ ...schema, fields: [added, ...schema.fields] });
};

/** A value of any Avro record schema: the empty or first of everything. */
const anyOf = (schema: string): unknown => avsc.Type.forSchema(JSON.parse(schema) as Schema).random();

const frame = (id: number, schema: string, value: unknown): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, avsc.Type.forSchema(JSON.parse(schema) as Schema).toBuffer(value)]);
};

if ('skip' in kafka) test('the codec with a schema registry', { skip: kafka.skip }, () => {});
else
  describe('the codec with a schema registry', () => {
    const { brokers, registryUrl } = kafka;
    const closers: (() => Promise<void>)[] = [];
    after(async () => {
      await Promise.all(closers.map((close) => close()));
      await kafka.release();
    });

    const options = (): TestOptions => ({
      brokers,
      registryUrl,
      topicPrefix: `${randomBytes(4).toString('hex')}.`,
    });
    const specs = topicSpecs.filter((s) => s.topic === Topic.deadLetters || s.topic === Topic.config);
    const open = async (given: TestOptions) => {
      const log = await openKafkaLog(testOptions(given));
      closers.push(() => log.close());
      return log;
    };
    const tryRegister = (given: TestOptions, schema: string): Promise<Response> =>
      fetch(`${registryUrl}/subjects/${given.topicPrefix}${Topic.deadLetters}-value/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ schema }),
      });
    const register = async (given: TestOptions, schema: string): Promise<number> =>
      ((await (await tryRegister(given, schema)).json()) as { id: number }).id;

    test('reads what another process with the same schema wrote, and names its schema in each value', async () => {
      const given = options();
      const [writer, reader] = [await open(given), await open(given)];
      await writer.ensureTopics(specs);
      await reader.ensureTopics(specs);
      const value = anyOf(await textOf());

      const encoded = writer.codec.encode(Topic.deadLetters, value);
      await reader.codec.prepare(Topic.deadLetters, [encoded, null]);

      assert.equal(encoded[0], 0);
      const again = reader.codec.encode(Topic.deadLetters, reader.codec.decode(Topic.deadLetters, encoded));
      assert.deepEqual(again, encoded);
      assert.equal(reader.codec.bodyOf(Topic.deadLetters, encoded), 5);
      assert.equal(reader.codec.bodyOf(Topic.deadLetters, Buffer.from([0, 127, 0, 0, 0, 1])), -1);
    });

    test('reads what a newer release wrote, without what it does not know', async () => {
      const given = options();
      const log = await open(given);
      await log.ensureTopics(specs);
      const text = await textOf();
      const newer = changed(text, { name: 'added_later', type: 'string', default: '' });
      const id = await register(given, newer);
      const value = anyOf(text) as object;
      const encoded = frame(id, newer, { added_later: 'news', ...value });

      assert.throws(() => log.codec.decode(Topic.deadLetters, encoded), { code: ErrorCode.recordUnreadable });
      await log.codec.prepare(Topic.deadLetters, [encoded]);
      const decoded = log.codec.decode(Topic.deadLetters, encoded) as object;

      assert.ok(!('added_later' in decoded));
      assert.deepEqual(
        log.codec.encode(Topic.deadLetters, decoded).subarray(5),
        frame(0, text, value).subarray(5),
      );
    });

    test('starts and writes beside a newer release, and after it', async () => {
      const given = options();
      await (await open(given)).ensureTopics(specs);
      const newer = changed(await textOf(), { name: 'added_later', type: 'string', default: '' });
      const id = await register(given, newer);
      assert.ok(id > 0);

      const older = await open(given);
      await older.ensureTopics(specs);
      const encoded = older.codec.encode(Topic.deadLetters, anyOf(await textOf()));

      assert.notEqual(encoded.readInt32BE(1), id);
      assert.ok(
        avsc.Type.forSchema(JSON.parse(await textOf()) as Schema).isValid(
          older.codec.decode(Topic.deadLetters, encoded),
        ),
      );
    });

    test('the registry refuses a schema that cannot read what was written, and knows the one that can', async () => {
      const given = options();
      await (await open(given)).ensureTopics(specs);
      const text = await textOf();

      const withoutDefault = await tryRegister(given, changed(text, { name: 'added_later', type: 'string' }));
      const withDefault = await tryRegister(
        given,
        changed(text, { name: 'added_later', type: ['null', 'string'], default: null }),
      );

      assert.equal(withoutDefault.status, 409);
      assert.equal(withDefault.status, 200);
    });

    test('a record of a newer writer that it cannot resolve is unreadable, and those behind it are read', async () => {
      const given = options();
      const log = await open(given);
      await log.ensureTopics(specs);
      const text = await textOf();
      const schema = JSON.parse(text) as RecordSchema;
      const fields = schema.fields.map((field) =>
        field.name === 'key' ? { ...field, type: ['null', 'bytes', 'long'] } : field,
      );
      const newer = JSON.stringify({ ...schema, fields });
      const id = await register(given, newer);
      const strange = frame(id, newer, anyOf(newer));
      const usual = log.codec.encode(Topic.deadLetters, anyOf(text));

      await log.codec.prepare(Topic.deadLetters, [strange, usual]);

      assert.throws(() => log.codec.decode(Topic.deadLetters, strange), { code: ErrorCode.recordUnreadable });
      assert.ok(log.codec.decode(Topic.deadLetters, usual));
    });

    test('says that a record is unreadable, whatever its bytes are', async () => {
      const log = await open(options());
      await log.ensureTopics(specs);
      const foreign = log.codec.encode(Topic.deadLetters, anyOf(await textOf()));
      const bad = [
        Buffer.alloc(0),
        Buffer.from('{"json": true}'),
        Buffer.from([0, 0, 0, 0]),
        frame(2_000_000_000, '"int"', 1),
        foreign.subarray(0, 7),
        Buffer.concat([foreign, Buffer.from([1])]),
      ];

      await log.codec.prepare(Topic.deadLetters, bad);

      for (const value of bad)
        assert.throws(() => log.codec.decode(Topic.deadLetters, value), { code: ErrorCode.recordUnreadable });
      await log.codec.prepare(Topic.config, [foreign]);
      assert.throws(() => log.codec.decode(Topic.config, foreign), { code: ErrorCode.recordUnreadable });
    });

    test('refuses a value that does not fit, with a pointer to the fault', async () => {
      const log = await open(options());
      await log.ensureTopics(specs);

      assert.throws(() => log.codec.encode(Topic.deadLetters, { nothing: 'fits' }), InputError);
    });

    test('does not start where the registry holds a schema that ours cannot follow', async () => {
      const given = options();
      const name = JSON.parse(await textOf()) as { name: string; namespace: string };
      const other = { type: 'record', name: name.name, namespace: name.namespace, fields: [] };
      await register(given, JSON.stringify(other));
      const subject = `${given.topicPrefix}${Topic.deadLetters}-value`;
      await fetch(`${registryUrl}/config/${subject}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ compatibility: 'BACKWARD' }),
      });
      const log = await open(given);

      await assert.rejects(log.ensureTopics(specs), ConfigError);
    });

    test('says that the registry is away, and starts when it is there', async () => {
      const given = options();
      const away = await openKafkaLog({
        ...testOptions({ ...given, registryUrl: 'http://127.0.0.1:9/apis/ccompat/v7' }),
        startTimeoutMs: 500,
      });
      closers.push(() => away.close());

      await assert.rejects(away.ensureTopics(specs), {
        code: ErrorCode.logUnavailable,
        message: /schema registry is unavailable/,
      });
      assert.throws(() => away.codec.encode(Topic.config, {}), { code: ErrorCode.logUnavailable });

      await (await open(given)).ensureTopics(specs);
    });
  });
