/**
 * Whatever a client writes as the path of its request, ingest and enforcer take it for the same operation, and rules see
 * the path that the operation was found by. Long form: PRECEDE_TEST_RUNS=100000.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { normalisePath, normaliseRequestPath, normaliseTemplate } from '@precede/endpoints';
import { fromText } from '@precede/rules';
import fc from 'fast-check';
import { bothOf, host } from './one-request.test-kit.ts';

const numRuns = Number(process.env['PRECEDE_TEST_RUNS'] ?? 1_000);
const endpoints = [
  ...['/', '/cart', '/cart/', '/cart/pay', '/cart%2Fpay', '/cart;v=1', '/*', '/a/../admin/x', '/caf\u00e9'],
  ...['/cart/{id}', '/cart/{id}/', '/{any}/pay', '/%00', '/cart%3Fa', '/cart%5Cpay', '/cart/%25/x'],
];
const both = bothOf({ endpoints, identifiers: [] });
const asked = (path: string) => ({ method: 'GET', host, path, session: 's' });

/** How one character may be spelled. */
const spelt = (character: string): fc.Arbitrary<string> => {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
  return fc.constantFrom(character, `%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`);
};
const piece = fc.oneof(
  fc.constantFrom(
    'cart',
    'pay',
    'admin',
    'x',
    'id',
    '{id}',
    'caf\u00e9',
    'caf%c3%A9',
    'caf%e9',
    'cafe\u0301',
  ),
  fc.constantFrom(
    '/',
    '//',
    '\\',
    '%2f',
    '%2F',
    '%5c',
    '%252f',
    ';',
    ';v=1',
    '%3b',
    '?',
    '%3f',
    '#',
    '%23',
    '*',
  ),
  fc.constantFrom(
    '.',
    '..',
    '%2e',
    '%2E.',
    '.%2e',
    '..;',
    '/./',
    '/../',
    '..%2f',
    '%252e%252e',
    '%c0%ae',
    '%c0%af',
  ),
  fc.constantFrom(
    '%',
    '%%',
    '%0',
    '%g0',
    '%00',
    '%u002f',
    '%ff',
    '\ud800',
    '\u{1f600}',
    '\uff0f',
    '\u2215',
    ' ',
  ),
  fc.constantFrom(...'cartpy').chain(spelt),
  fc.string({ unit: 'binary', maxLength: 3 }).map((text) => text.replaceAll(/[^ -~\u0080-\uffff]/gu, '')),
);
const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);

describe('the path of a request', () => {
  test('is one operation for ingest and enforcer, and the path that rules see is the one it was found by', async () => {
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(path, async (text) => {
        const ingest = await both.ingest(asked(text));
        const enforcer = both.enforcer(asked(text));

        assert.deepEqual(enforcer.taken, ingest, text);
        assert.equal(enforcer.path, normalisePath(text));
        assert.deepEqual(
          both.enforcer(asked(enforcer.path)),
          enforcer,
          'its normal spelling is the same request',
        );
        if (ingest?.operation !== null) matched += 1;
      }),
      { numRuns },
    );
    assert.ok(matched > numRuns / 20, `${matched} of ${numRuns} matched an operation`);
  });

  test('that reaches an operation without variables is seen by rules as its endpoint, however it is spelled', () => {
    fc.assert(
      fc.property(path, (text) => {
        const { taken, path: seen } = both.enforcer(asked(text));

        const number = Number(taken?.operation ?? 0);
        const endpoint = number === 0 ? '{' : (endpoints[number - 1] ?? '{');
        if (endpoint.includes('{')) return;
        const normal = normaliseTemplate(endpoint);
        assert.ok(normal.kind === 'ok');
        assert.equal(seen, normal.value);
      }),
      { numRuns },
    );
  });

  test('of bytes that are no text is normal after one step, and never that of other bytes', () => {
    const bytes = fc.oneof(
      path.map(fromText),
      fc
        .array(
          fc.constantFrom(
            '/',
            '.',
            '%',
            '2',
            'e',
            'F',
            '\\',
            '\0',
            '\r',
            '\xc0',
            '\xaf',
            '\xe9',
            ';',
            '?',
            '#',
          ),
        )
        .map((all) => `/${all.join('')}`),
    );
    /** The segments that a path means: dots and slashes worked out by bytes, escapes read once. */
    fc.assert(
      fc.property(bytes, (text) => {
        const normal = normaliseRequestPath(text);

        assert.match(normal, /^\/[!-~]*$/);
        assert.equal(normaliseRequestPath(normal), normal);
        assert.equal(normalisePath(normal), normal);
        assert.deepEqual(segmentsOf(normal), segmentsOf(text), 'nothing is merged or parted by its spelling');
      }),
      { numRuns },
    );
  });

  test('is not merged with that of another operation', () => {
    const normal = endpoints
      .map((each) => normaliseTemplate(each))
      .map((each) => each.kind === 'ok' && each.value);

    assert.equal(new Set(normal).size, endpoints.length);
  });
});

/** A second, slow opinion on what a path means: the bytes of its segments, where escaped slashes are no slashes. */
const segmentsOf = (bytes: string): readonly string[] => {
  const target = bytes.split(/[?#]/, 1)[0] ?? '';
  const segments: string[] = [];
  const parts = target.replaceAll('\\', '/').split('/').map(unescaped);
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1;
    if (part === '..') segments.pop();
    if (part === '' || part === '.' || part === '..') {
      if (isLast && segments.length > 0) segments.push('');
    } else segments.push(part);
  }
  return segments;
};

const unescaped = (segment: string): string =>
  segment.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
