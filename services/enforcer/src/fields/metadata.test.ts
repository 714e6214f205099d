import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '@precede/contracts';
import { fields } from '@precede/rules';
import { contextOf, read } from './fields.test-kit.ts';
import { parseMetadata } from './metadata.ts';

test('takes values of fields that a gateway knows, in the notation of cases', () => {
  const metadata = parseMetadata(
    {
      'ip.src.country': 'PT',
      'cf.edge.server_ip': '198.51.100.2',
      'cf.bot_management.score': 30,
      'cf.waf.content_scan.obj_types': ['é'],
      'ip.src.city': null,
    },
    '/fields',
  );

  assert.deepEqual(
    metadata,
    new Map<string, unknown>([
      ['ip.src.country', 'PT'],
      ['cf.edge.server_ip', '\xc6\x33\x64\x02'],
      ['cf.bot_management.score', 30],
      ['cf.waf.content_scan.obj_types', ['\xc3\xa9']],
    ]),
  );
  for (const nothing of [undefined, null, {}]) assert.equal(parseMetadata(nothing, '').size, 0);
});

test('takes an older name for the field that it stands for, unless that is given too', () => {
  const older = { 'ip.geoip.country': 'PT' };

  assert.deepEqual(parseMetadata(older, ''), new Map([['ip.src.country', 'PT']]));
  assert.deepEqual(
    parseMetadata({ ...older, 'ip.src.country': 'ES' }, ''),
    parseMetadata({ 'ip.src.country': 'ES', ...older }, ''),
  );
});

test('refuses what it does not take, with the place', () => {
  const rows: readonly (readonly [unknown, string, RegExp])[] = [
    [{ 'http.host': 'a' }, '/fields/http.host', /^is derived by the enforcer$/],
    [{ 'cf.sequence.current_op': '' }, '/fields/cf.sequence.current_op', /derived/],
    [{ 'http.request.timestamp.sec': 1 }, '/fields/http.request.timestamp.sec', /derived/],
    [{ 'cf.ray_id': 'a' }, '/fields/cf.ray_id', /derived/],
    [{ 'cf.zone.plan': 'ENT' }, '/fields/cf.zone.plan', /always missing/],
    [{ 'a/b~': 1 }, '/fields/a~1b~0', /no field/],
    [JSON.parse('{"__proto__": 1}'), '/fields/__proto__', /no field/],
    [{ 'ip.src.country': 7 }, '/fields/ip.src.country', /^is Bytes, not 7$/],
    [{ 'ip.src': '1.2.3' }, '/fields/ip.src', /^is Ip/],
    [{ 'cf.waf.content_scan.obj_types': ['a', 1] }, '/fields/cf.waf.content_scan.obj_types/1', /^is Bytes/],
    [[], '/fields', /^fields are an object$/],
    ['a', '/fields', /^fields are an object$/],
  ];
  for (const [json, pointer, message] of rows)
    assert.throws(
      () => parseMetadata(json, '/fields'),
      (error) => error instanceof InputError && error.pointer === pointer && message.test(error.message),
      JSON.stringify(json),
    );
});

test('takes or refuses each field by who fills it', () => {
  const taken = fields.filter(({ name }) => {
    try {
      parseMetadata({ [name]: null }, '');
      return true;
    } catch {
      return false;
    }
  });

  assert.deepEqual(
    taken,
    fields.filter(({ filledBy }) => filledBy === 'metadata' || filledBy === 'connection'),
  );
});

test('knows the connection from the interface, and else from what the gateway passes', () => {
  const metadata = parseMetadata(
    { 'ip.src': '198.51.100.2', ssl: false, 'http.request.version': 'HTTP/3', 'cf.edge.client_port': 51234 },
    '',
  );
  const names = ['ip.src', 'ssl', 'http.request.version', 'cf.edge.client_port'];
  const readAll = (context: ReturnType<typeof contextOf>) => names.map((name) => read(name, context));
  const silent = { clientIp: null, scheme: null, httpVersion: null };

  assert.deepEqual(readAll(contextOf()), ['\xcb\x00\x71\x07', true, 'HTTP/1.1', undefined]);
  assert.deepEqual(readAll(contextOf({ metadata })), ['\xcb\x00\x71\x07', true, 'HTTP/1.1', 51234]);
  assert.deepEqual(readAll(contextOf({ ...silent, metadata })), ['\xc6\x33\x64\x02', false, 'HTTP/3', 51234]);
  assert.deepEqual(readAll(contextOf(silent)), [undefined, undefined, undefined, undefined]);
});

test('reads addresses of clients in either family, and versions in either spelling', () => {
  const rows = {
    '203.0.113.7': 'cb007107',
    '::ffff:203.0.113.7': 'cb007107',
    '2001:db8::1': '20010db8000000000000000000000001',
    'fe80::1%eth0': undefined,
    unknown: undefined,
    '': undefined,
  };
  for (const [clientIp, hex] of Object.entries(rows)) {
    const address = read('ip.src', contextOf({ clientIp })) as string | undefined;
    assert.equal(
      address === undefined ? undefined : Buffer.from(address, 'latin1').toString('hex'),
      hex,
      clientIp,
    );
  }
  assert.equal(read('http.request.version', contextOf({ httpVersion: 'HTTP/2.0' })), 'HTTP/2');
  assert.equal(read('http.request.version', contextOf({ httpVersion: 'HTTP/1.0' })), 'HTTP/1.0');
  assert.equal(read('ssl', contextOf({ scheme: 'http' })), false);
});
