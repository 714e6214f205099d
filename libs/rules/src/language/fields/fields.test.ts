import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { arrayOf, Bool, Bytes, Int, Ip, itemOf, mapOf, sameType, type Type } from '../types.ts';
import { type Field, FieldSource, fieldByName, fields } from './fields.ts';

const namesWhere = (holds: (each: Field) => boolean): readonly string[] =>
  fields.filter(holds).map((each) => each.name);

const plainOf = (type: Type): Type => {
  const item = itemOf(type);
  return item === null ? type : plainOf(item);
};

/** Whether a rule can compare a plain value of the type with that text. A Bool stands alone and has no literal. */
const isLiteral = (type: Type, text: string): boolean => {
  switch (type.kind) {
    case 'bytes':
      return /^"(?:[^"\\]|\\["\\])*"$/.test(text);
    case 'int':
      return /^(?:0|-?[1-9][0-9]*)$/.test(text);
    case 'ip':
      return isIP(text) !== 0;
    case 'bool':
    case 'array':
    case 'map':
      return false;
  }
};

test('names every field once, and lists them by name', () => {
  const names = fields.map((each) => each.name);

  assert.deepEqual(names, [...new Set(names)].sort());
  assert.deepEqual([...fieldByName.keys()], names);
  assert.ok(fields.every((each) => fieldByName.get(each.name) === each));
});

test('writes each name as segments of lower-case letters, digits and underscores', () => {
  assert.deepEqual(
    namesWhere(({ name }) => !/^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$/.test(name)),
    [],
  );
});

test('documents each field on one line of at most 110 characters that has no full stop', () => {
  assert.deepEqual(
    namesWhere(({ doc }) => doc.length < 5 || doc.length > 110 || /[\n\r\t]|\.$|^\s|\s$/.test(doc)),
    [],
  );
});

test('says of two fields the same only if they have the same value', () => {
  const docs = fields.map((each) => each.doc);

  assert.equal(new Set(docs).size, docs.length);
});

test('points each alias at a field of the same type and source that is none itself', () => {
  const isWrong = ({ aliasOf, type, filledBy }: Field): boolean => {
    if (aliasOf === undefined) return false;
    const target = fieldByName.get(aliasOf);
    return (
      target === undefined ||
      target.aliasOf !== undefined ||
      target.filledBy !== filledBy ||
      !sameType(target.type, type)
    );
  };

  assert.deepEqual(namesWhere(isWrong), []);
  assert.deepEqual(
    namesWhere((each) => each.aliasOf !== undefined),
    [
      'cf.api_gateway.fallthrough_triggered',
      'cf.client.bot',
      'cf.tls_client_ciphers_sha1',
      'ip.geoip.asnum',
      'ip.geoip.continent',
      'ip.geoip.country',
      'ip.geoip.is_in_european_union',
      'ip.geoip.subdivision_1_iso_code',
      'ip.geoip.subdivision_2_iso_code',
    ],
  );
});

test('gives examples that a rule can be written with', () => {
  assert.deepEqual(
    namesWhere(({ example, type }) => example !== undefined && !isLiteral(plainOf(type), example)),
    [],
  );
});

test('asks for the body for the body fields and for no other', () => {
  assert.deepEqual(
    namesWhere((each) => each.needsBody === true),
    namesWhere((each) => each.name.startsWith('http.request.body.')),
  );
});

test('has a field of every source, and no field of responses or packets', () => {
  const sources = new Set(fields.map((each) => each.filledBy));

  assert.deepEqual([...sources].sort(), Object.values(FieldSource).sort());
  assert.deepEqual(
    namesWhere((each) => /\bresponse\b|^(?:icmp|tcp|udp)\./.test(each.name)),
    [],
  );
});

test('types every raw field as its counterpart, and takes it from the request', () => {
  const raw = fields.filter((each) => each.name.startsWith('raw.'));

  assert.equal(raw.length, 11);
  for (const each of raw) {
    const counterpart = fieldByName.get(each.name.slice('raw.'.length));
    assert.ok(counterpart !== undefined && sameType(counterpart.type, each.type), each.name);
    assert.equal(each.filledBy, 'request');
  }
});

test('types the fields that rules use most as those rules expect', () => {
  const expected: Readonly<Record<string, Type>> = {
    'cf.bot_management.verified_bot': Bool,
    'cf.sequence.current_op': Bytes,
    'cf.sequence.msec_since_op': mapOf(Int),
    'cf.sequence.previous_ops': arrayOf(Bytes),
    'cf.threat_score': Int,
    'http.host': Bytes,
    'http.request.full_uri': Bytes,
    'http.request.headers': mapOf(arrayOf(Bytes)),
    'http.request.method': Bytes,
    'http.request.uri.args': mapOf(arrayOf(Bytes)),
    'http.request.uri.path': Bytes,
    'http.request.uri.query': Bytes,
    'http.user_agent': Bytes,
    'ip.src': Ip,
    ssl: Bool,
  };

  for (const [name, type] of Object.entries(expected))
    assert.deepEqual(fieldByName.get(name)?.type, type, name);
});
