/**
 * Records between releases, through the codecs as they run. Whoever changes a schema finds here whether the release
 * before can live beside it; the registry sees only the one direction (kafka-codec.int.test.ts).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ConfigError, ErrorCode, schemaUrl, Topic, type TopicName } from '@precede/contracts';
import { parseType, readSchemas, type TopicSchemas, type Type } from './avro-codec.ts';
import { createEmbeddedCodec } from './embedded-codec.ts';
import { keepSchemas, withKeptSchemas } from './embedded-schemas.ts';
import { changeFaults } from './schema-evolution.test-kit.ts';

const schemas = await readSchemas();
const releases = readdirSync(new URL('released/', schemaUrl(Topic.config))).sort();

const releasedText = (release: string, topic: TopicName): string =>
  readFileSync(new URL(`released/${release}/${topic}.avsc`, schemaUrl(topic)), 'utf8');

/** The schemas of a release that writes `current`, and knows those before it. */
const release = (current: unknown, released: readonly Type[] = []): TopicSchemas => ({
  text: JSON.stringify(current),
  current: parseType(current),
  released,
});

describe('between each release and this one', () => {
  for (const topic of Object.values(Topic))
    for (const name of releases)
      test(`${topic}: ${name} and this release read each other`, () => {
        const text = releasedText(name, topic);
        const own = schemas.get(topic) as TopicSchemas;
        const older = release(JSON.parse(text), [own.current]);
        const codecs = [older, own].map((each) => createEmbeddedCodec(new Map([[topic, each]])));
        const [old, current] = codecs as [(typeof codecs)[number], (typeof codecs)[number]];

        for (let i = 0; i < 100; i += 1) {
          const before = old.decode(topic, current.encode(topic, own.current.random()));
          const after = current.decode(topic, old.encode(topic, older.current.random()));
          // What was read is whole: it can be written again.
          old.encode(topic, before);
          current.encode(topic, after);
        }
        assert.deepEqual(changeFaults(older.current, own.current), []);
      });
});

const enumOf = (symbols: readonly string[], otherwise?: string) => ({
  type: 'enum',
  name: 'Kind',
  symbols,
  ...(otherwise === undefined ? {} : { default: otherwise }),
});
const recordOf = (...fields: readonly object[]) => ({ type: 'record', name: 'Thing', fields });
const text = { name: 'text', type: 'string' };
const added = { name: 'added', type: ['null', 'string'], default: null };

const compatible: [string, object, object][] = [
  ['a field with a default', recordOf(text), recordOf(text, added)],
  ['a field with a default less', recordOf(text, added), recordOf(text)],
  [
    'a symbol of an enumeration with a default',
    recordOf({ name: 'kind', type: enumOf(['other', 'a'], 'other') }),
    recordOf({ name: 'kind', type: enumOf(['other', 'a', 'b'], 'other') }),
  ],
];

const incompatible: [string, object, object, RegExp][] = [
  [
    'a field without a default',
    recordOf(text),
    recordOf(text, { name: 'added', type: 'string' }),
    /newer release cannot/,
  ],
  [
    'a field less that had no default',
    recordOf(text, { name: 'old', type: 'string' }),
    recordOf(text),
    /older release cannot/,
  ],
  ['another type', recordOf(text), recordOf({ name: 'text', type: 'long' }), /newer release cannot/],
  [
    'a symbol of an enumeration without a default',
    recordOf({ name: 'kind', type: enumOf(['a']) }),
    recordOf({ name: 'kind', type: enumOf(['a', 'b']) }),
    /older release cannot/,
  ],
  [
    'a branch of a union',
    recordOf({ name: 'of', type: ['null', 'string'], default: null }),
    recordOf({ name: 'of', type: ['null', 'string', 'long'], default: null }),
    /older release cannot/,
  ],
];

describe('the check of a change', () => {
  for (const [what, older, newer] of compatible)
    test(`lets ${what} pass`, () => {
      assert.deepEqual(changeFaults(parseType(older), parseType(newer)), []);
    });
  for (const [what, older, newer, fault] of incompatible)
    test(`refuses ${what}`, () => {
      assert.match(changeFaults(parseType(older), parseType(newer)).join('; '), fault);
    });
});

describe('a release that meets a newer one in an embedded log', () => {
  const topic = Topic.config;
  const meet = (
    older: object,
    newer: object,
    body: (dir: string, old: Map<TopicName, TopicSchemas>) => void,
  ) => {
    const dir = mkdtempSync(join(tmpdir(), 'precede-schemas-'));
    try {
      keepSchemas(dir, new Map([[topic, release(newer, [parseType(older)])]]));
      body(dir, new Map([[topic, release(older)]]));
    } finally {
      rmSync(dir, { recursive: true });
    }
  };

  test('reads its records without what it does not know', () => {
    const newer = recordOf(text, added);
    const frame = createEmbeddedCodec(new Map([[topic, release(newer)]])).encode(topic, {
      text: 'x',
      added: 'y',
    });

    meet(recordOf(text), newer, (dir, old) => {
      assert.throws(() => createEmbeddedCodec(old).decode(topic, frame), {
        code: ErrorCode.recordUnreadable,
      });

      const read = createEmbeddedCodec(withKeptSchemas(dir, old)).decode(topic, frame);

      assert.deepEqual({ ...(read as object) }, { text: 'x' });
    });
  });

  test('refuses the directory where it cannot read them, and says what to do', () => {
    const [, older, newer] = incompatible.at(-1) ?? assert.fail();

    meet(older, newer, (dir, old) => {
      assert.throws(
        () => withKeptSchemas(dir, old),
        (error) =>
          error instanceof ConfigError &&
          /records of config\.v1 that a newer release wrote.*Start that release again/.test(error.message),
      );
    });
  });

  test('keeps each schema once, and names a damaged file', () => {
    meet(recordOf(text), recordOf(text, added), (dir, old) => {
      keepSchemas(dir, old);
      keepSchemas(dir, old);

      const kept = JSON.parse(readFileSync(join(dir, 'schemas.json'), 'utf8')) as Record<string, object>;
      assert.equal(Object.keys(kept[topic] ?? {}).length, 2);
      assert.deepEqual([...(withKeptSchemas(dir, old).get(topic)?.released ?? [])].length, 1);
    });
  });
});
