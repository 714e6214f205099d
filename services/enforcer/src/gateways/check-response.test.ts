/** Writing Envoy's CheckResponse, read back by another codec. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkResponse } from './check-response.ts';
import { allow, anyChanges, CheckResponse, deny } from './gateways.test-kit.ts';
import { effectsOf, lineOf } from './header-changes.ts';

interface Option {
  readonly header: { readonly key: string; readonly value: string };
  readonly append: { readonly value: boolean } | null;
  readonly append_action: number;
}
interface Response {
  readonly status: { readonly code: number };
  readonly ok_response?: {
    readonly headers: readonly Option[];
    readonly headers_to_remove: readonly string[];
    readonly response_headers_to_add: readonly Option[];
  };
  readonly denied_response?: {
    readonly status: { readonly code: number };
    readonly headers: readonly Option[];
    readonly body: string;
  };
}
const read = (bytes: Buffer): Response => CheckResponse.decode(bytes) as unknown as Response;
const flat = ({ header, append, append_action }: Option) => [
  header.key,
  header.value,
  append?.value,
  append_action,
];
const sent = new Map<string, string | string[]>([
  ['x-a', 'sent'],
  ['x-b', ['one', 'two']],
]);

describe('checkResponse', () => {
  test('lets pass', () => {
    const response = read(checkResponse(allow, sent));

    assert.equal(response.status.code, 0);
    assert.deepEqual(response.ok_response?.headers, []);
    assert.equal(response.denied_response, undefined);
  });

  test('denies with status, headers, body and cookie; repeated headers add up', () => {
    const headers = [
      ['content-type', 'text/plain'],
      ['link', '</a>'],
      ['Link', '</b>'],
    ] as const;

    const response = read(checkResponse(deny({ status: 451, headers, body: 'größer' }, 'seq=1'), sent));

    assert.equal(response.status.code, 7);
    assert.equal(response.denied_response?.status.code, 451);
    assert.equal(response.denied_response?.body, 'größer');
    assert.deepEqual(response.denied_response?.headers.map(flat), [
      ['content-type', 'text/plain', false, 2],
      ['link', '</a>', false, 2],
      ['Link', '</b>', true, 0],
      ['set-cookie', 'seq=1', false, 2],
    ]);
  });

  test('gives the cookie of an allowed request to the client, beside others', () => {
    const response = read(checkResponse({ ...allow, setCookie: 'seq=1' }, sent));

    assert.deepEqual(response.ok_response?.response_headers_to_add.map(flat), [
      ['set-cookie', 'seq=1', true, 0],
    ]);
  });

  test('writes each changed header as the line that it comes to, or removes it', () => {
    fc.assert(
      fc.property(anyChanges, (requestHeaders) => {
        const response = read(checkResponse({ ...allow, requestHeaders }, sent));

        const effects = effectsOf(requestHeaders).map((each) => [each.name, lineOf(each, sent)] as const);
        const set = effects.filter(([, line]) => line !== null);
        const gone = effects.filter(([, line]) => line === null).map(([name]) => name);
        const expected = set.map(([name, line]) => [name, line, false, 2]);
        assert.deepEqual(response.ok_response?.headers.map(flat), expected);
        assert.deepEqual(response.ok_response?.headers_to_remove, gone);
      }),
    );
  });

  test('writes UTF-8 as it is, and makes UTF-8 of what is not, as Envoy would refuse the whole answer', () => {
    const headerOf = (value: string) => {
      const change = { name: 'x-a', operation: 'set', value } as const;
      return read(checkResponse({ ...allow, requestHeaders: [change] }, sent)).ok_response?.headers[0]?.header
        .value;
    };

    assert.equal(headerOf(Buffer.from('größer').toString('latin1')), 'größer');
    assert.equal(headerOf('a\xfcb'), 'aüb');
  });
});
