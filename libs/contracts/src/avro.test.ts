import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import avsc, { type Schema, type Type } from 'avsc';
import fc, { type Arbitrary } from 'fast-check';
import { auditFromAvro, auditToAvro } from './audit-avro.ts';
import {
  changelogEntry,
  configChanged,
  configRecord,
  deadLetter,
  decision,
  request,
  sequence,
  session,
  unmatched,
} from './avro.test-arbitraries.ts';
import {
  changelogFromAvro,
  changelogToAvro,
  configFromAvro,
  configHeaders,
  configToAvro,
  deadLetterFromAvro,
  deadLetterToAvro,
  decisionFromAvro,
  decisionToAvro,
  requestFromAvro,
  requestToAvro,
  schemaUrl,
  sequenceFromAvro,
  sequenceToAvro,
  sessionFromAvro,
  sessionToAvro,
  unmatchedFromAvro,
  unmatchedToAvro,
} from './avro.ts';
import { Topic, type TopicName } from './topics.ts';

const parse = (url: URL): Type =>
  avsc.Type.forSchema(JSON.parse(readFileSync(url, 'utf8')) as Schema, { wrapUnions: 'auto' });
const current = (topic: TopicName): Type => parse(schemaUrl(topic));
const released = (topic: TopicName): [string, Type][] => {
  const directory = new URL('released/', schemaUrl(topic));
  return readdirSync(directory)
    .filter((release) => readdirSync(new URL(`${release}/`, directory)).includes(`${topic}.avsc`))
    .map((release) => [release, parse(new URL(`${release}/${topic}.avsc`, directory))]);
};

/** avsc gives records prototypes of their own; two values are the same when their fields are. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
};

describe('schemas', () => {
  for (const topic of Object.values(Topic)) {
    test(`${topic}: this version reads what every released one wrote`, () => {
      const reader = current(topic);
      const releases = released(topic);

      assert.ok(releases.length > 0, 'it has been released');
      for (const [release, writer] of releases) {
        const resolver = reader.createResolver(writer);
        for (let i = 0; i < 100; i += 1) {
          const frame = writer.toBuffer(writer.random());
          assert.ok(reader.isValid(reader.fromBuffer(frame, resolver)), `a record of ${release}`);
        }
      }
    });
  }
});

const roundTrip = <T>(
  topic: TopicName,
  values: Arbitrary<T>,
  to: (v: T) => unknown,
  from: (v: unknown) => T,
): void => {
  test(`${topic}: a value written and read is the same value`, () => {
    const type = current(topic);
    fc.assert(
      fc.property(values, (value) => {
        const read = from(type.fromBuffer(type.toBuffer(to(value))));

        assert.deepEqual(plain(read), plain(value));
      }),
    );
  });
};

describe('converters', () => {
  roundTrip(Topic.requests, request, requestToAvro, requestFromAvro);
  roundTrip(Topic.unmatched, unmatched, unmatchedToAvro, unmatchedFromAvro);
  roundTrip(Topic.sequences, sequence, sequenceToAvro, sequenceFromAvro);
  roundTrip(Topic.sessions, session, sessionToAvro, sessionFromAvro);
  roundTrip(Topic.changelog, changelogEntry, changelogToAvro, changelogFromAvro);
  roundTrip(Topic.decisions, decision, decisionToAvro, decisionFromAvro);
  roundTrip(Topic.audit, configChanged, auditToAvro, auditFromAvro);
  roundTrip(Topic.deadLetters, deadLetter, deadLetterToAvro, deadLetterFromAvro);

  test('config.v1: a record or its tombstone, written and read, is the same record', () => {
    const type = current(Topic.config);
    fc.assert(
      fc.property(configRecord, (record) => {
        const value = configToAvro(record);
        const decoded = value === null ? null : type.fromBuffer(type.toBuffer(value));

        assert.deepEqual(plain(configFromAvro(decoded, configHeaders(record))), plain(record));
      }),
    );
  });

  test('a tombstone with foreign headers is no configuration', () => {
    assert.equal(configFromAvro(null, { kind: 'weather' }), undefined);
    assert.equal(configFromAvro(null, {}), undefined);
  });
});
