/** Reading Envoy's CheckRequest, compared with another codec. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InputError } from '@precede/contracts';
import fc from 'fast-check';
import { readCheckRequest } from './check-request.ts';
import { CheckRequest } from './gateways.test-kit.ts';

const zone = 'a'.repeat(32);
const http = { method: 'GET', scheme: 'http', host: 'api.example.com', path: '/a?b=1', protocol: 'HTTP/2' };
const read = (attributes: object) => readCheckRequest(CheckRequest.encode({ attributes }));

describe('readCheckRequest', () => {
  test('reads a request with everything that Envoy tells', () => {
    const request = read({
      source: { address: { socket_address: { address: '203.0.113.7' } } },
      request: { http: { ...http, headers: { ':path': '/a?b=1', 'x-a': '1' }, raw_body: Buffer.from('{}') } },
      context_extensions: { zone_id: zone, 'ip.src.country': 'DE' },
    });

    assert.equal(request.zoneId, zone);
    assert.deepEqual(
      [request.method, request.scheme, request.host, request.path, request.httpVersion, request.clientIp],
      ['GET', 'http', 'api.example.com', '/a?b=1', 'HTTP/2', '203.0.113.7'],
    );
    assert.deepEqual(
      [...request.headers],
      [
        ['x-a', '1'],
        ['host', 'api.example.com'],
      ],
    );
    assert.equal(Buffer.from(request.body ?? []).toString(), '{}');
    assert.deepEqual([...request.metadata], [['ip.src.country', 'DE']]);
  });

  test('keeps repeated headers apart, and bytes that are no UTF-8 as they are', () => {
    const headers = ['one', 'two', Buffer.from([0xff, 0xc3, 0xbc])].map((value) => ({
      key: 'x-list',
      raw_value: Buffer.from(value),
    }));

    const request = read({ request: { http: { ...http, header_map: { headers } } } });

    assert.deepEqual(request.headers.get('x-list'), ['one', 'two', '\xff\xc3\xbc']);
  });

  test('takes the scheme of a gateway before that of an HTTP/2 client', () => {
    const headers = { 'x-forwarded-proto': 'http' };

    assert.equal(read({ request: { http: { ...http, scheme: 'https', headers } } }).scheme, 'http');
    assert.equal(read({ request: { http: { ...http, scheme: 'https' } } }).scheme, 'https');
    assert.equal(read({ request: { http: { ...http, scheme: 'ftp' } } }).scheme, null);
  });

  test('tells no body, an empty one, and the beginning of one apart', () => {
    const bodyOf = (more: object) => {
      const { body, isBodyCut } = read({ request: { http: { ...http, ...more } } });
      return [body === null ? null : Buffer.from(body).toString(), isBodyCut];
    };
    const partial = (value: string) => ({ headers: { 'x-envoy-auth-partial-body': value } });

    assert.deepEqual(bodyOf({}), [null, false]);
    assert.deepEqual(bodyOf(partial('false')), ['', false]);
    assert.deepEqual(bodyOf({ ...partial('true'), body: 'abc' }), ['abc', true]);
  });

  test('reads values of fields from metadata, that of the request first', () => {
    const struct = (fields: object) => ({ filter_metadata: { precede: { fields }, other: { fields } } });

    const request = read({
      request: { http },
      context_extensions: { a: 'extension', b: 'extension', c: 'extension' },
      metadata_context: struct({ a: { stringValue: 'request' }, n: { numberValue: 1.5 } }),
      route_metadata_context: struct({
        a: { stringValue: 'route' },
        list: { listValue: { values: [{ boolValue: true }, { nullValue: 0 }] } },
        map: { structValue: { fields: { k: { stringValue: 'v' } } } },
      }),
    });

    assert.deepEqual(Object.fromEntries(request.metadata), {
      ...{ a: 'request', b: 'extension', c: 'extension', n: 1.5 },
      ...{ list: [true], map: new Map([['k', 'v']]) },
    });
  });

  test('refuses a zone that is none', () => {
    assert.throws(() => read({ request: { http }, context_extensions: { zone_id: 'shop' } }), InputError);
  });

  test('reads what another codec writes, whatever it is', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const bytesOf = (value: string): string => Buffer.from(value).toString('latin1');
    const name = fc.stringMatching(/^[a-z][a-z-]{0,20}$/).filter((each) => each !== 'host');
    const pairs = fc.array(fc.tuple(name, text), { maxLength: 30 });
    fc.assert(
      fc.property(text, text, pairs, fc.uint8Array({ maxLength: 100_000 }), (host, path, headers, body) => {
        const list = headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));

        const request = read({
          // Fields that are not ours are passed over.
          request: { http: { ...http, host, path, header_map: { headers: list }, raw_body: body } },
        });

        assert.equal(request.host, bytesOf(host));
        assert.equal(request.path, bytesOf(path));
        const got = [...request.headers].flatMap(([key, value]) => [value].flat().map((each) => [key, each]));
        const expected = headers.map(([key, value]) => [key, bytesOf(value)]);
        const byName = (pair: readonly unknown[][]) =>
          pair.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : Number(a !== b)));
        assert.deepEqual(byName(got.filter(([key]) => key !== 'host')), byName(expected));
        assert.deepEqual(Buffer.from(request.body ?? []), Buffer.from(body));
      }),
      { numRuns: 200 },
    );
  });

  test('reads or refuses any bytes, and never beyond their end', () => {
    const whole = CheckRequest.encode({
      attributes: {
        request: { http: { ...http, headers: { a: 'b' } } },
        metadata_context: { filter_metadata: { precede: { fields: { a: { numberValue: 1 } } } } },
      },
    });
    const damaged = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    const cut = fc.nat(whole.length).map((end) => whole.subarray(0, end));
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(damaged, cut, random), (bytes) => {
        try {
          readCheckRequest(bytes);
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('passes over fields that it does not know', () => {
    const known = CheckRequest.encode({ attributes: { request: { http } } });
    const unknown = Buffer.from([
      0x78, 0x96, 0x01, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 2, 9, 9,
    ]);

    assert.equal(readCheckRequest(Buffer.concat([unknown, known, unknown])).path, '/a?b=1');
  });

  test('refuses metadata nested without end', () => {
    let value: object = { boolValue: true };
    for (let depth = 0; depth < 40; depth += 1) value = { listValue: { values: [value] } };
    const metadata_context = { filter_metadata: { precede: { fields: { a: value } } } };

    assert.throws(() => read({ request: { http }, metadata_context }), /nested/);
  });
});
