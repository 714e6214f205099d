import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseType } from './avro-type.ts';
import { crc64Avro, fingerprintOf } from './fingerprint.ts';

const canonical = {
  type: 'record',
  name: 'A',
  namespace: 'x.y',
  doc: 'left out',
  fields: [{ name: 'b', type: { type: 'long' }, default: 3, doc: 'left out' }],
};

test('the fingerprint of nothing is the empty mark of the specification', () => {
  assert.equal(crc64Avro(Buffer.alloc(0)), 0xc15d213aa4d7a795n);
});

// Known answers from Avro's share/test/data/schema-tests.txt.
test('agrees with the fingerprints that Avro publishes for its primitive types', () => {
  assert.equal(BigInt.asIntN(64, crc64Avro(Buffer.from('"null"'))), 7195948357588979594n);
  assert.equal(BigInt.asIntN(64, crc64Avro(Buffer.from('"boolean"'))), -6970731678124411036n);
});

test('hashes the parsing canonical form: full names, no docs, no defaults, simple types as words', () => {
  const form = '{"name":"x.y.A","type":"record","fields":[{"name":"b","type":"long"}]}';

  assert.equal(fingerprintOf(parseType(canonical)), crc64Avro(Buffer.from(form)));
});
