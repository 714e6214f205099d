/** What a client sends never becomes a header, a second line or another address of an answer. */
import assert from 'node:assert/strict';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { test } from 'node:test';
import { Phase, type RuleAction } from '@precede/contracts';
import fc from 'fast-check';
import { expressionRule, startDecider } from '../decider.test-kit.ts';
import { host } from '../fixtures.test-kit.ts';

const numRuns = Number(process.env['PRECEDE_TEST_RUNS'] ?? 500);
/** Bytes of any value, those that end lines and part addresses above all. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        '\0',
        '\t',
        ' ',
        '\x7f',
        '\x85',
        '\xa0',
        '\xe2\x80\xa8',
        '\xff',
        '%0d%0a',
        '%00',
      ),
      fc.constantFrom(
        '/',
        '//',
        '\\',
        ':',
        '@',
        '?',
        '#',
        '&',
        '.',
        '..',
        'https://',
        'javascript:',
        'evil.example',
        'set-cookie: a=b',
        'a',
      ),
      fc.nat(255).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 6 },
  )
  .map((all) => all.join(''));

const redirectTo = (expression: string): RuleAction => ({
  kind: 'redirect',
  status: 302,
  target: { kind: 'expression', expression },
  keepsQuery: true,
});

test('a redirect to a path of what the client sent stays on the host and within its header', async () => {
  const raw = 'http.request.headers["x-to"][0]';
  for (const expression of [
    `concat("/", ${raw})`,
    `concat("/", url_decode(${raw}, "r"))`,
    'raw.http.request.uri.path',
    'http.request.uri.path',
  ]) {
    const { ask } = startDecider({
      expressionRules: [expressionRule(Phase.redirect, redirectTo(expression))],
    });

    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (text, query) => {
        const { response } = await ask({ path: `/${text}?${query}`, headers: new Map([['x-to', text]]) });

        const location = response?.headers.find(([name]) => name === 'location')?.[1];
        if (location === undefined) return;
        assert.match(location, /^\/[!-~]*$/);
        assert.equal(new URL(location, `https://${host}/cart`).host, host, location);
      }),
      { numRuns },
    );
  }
});

test('a redirect to a host that the rule names goes there, whatever follows', async () => {
  const { ask } = startDecider({
    expressionRules: [
      expressionRule(
        Phase.redirect,
        redirectTo('concat("https://shop.example/", http.request.headers["x-to"][0])'),
      ),
    ],
  });

  await fc.assert(
    fc.asyncProperty(bytes, async (text) => {
      const { response } = await ask({ headers: new Map([['x-to', text]]) });

      const location = response?.headers.find(([name]) => name === 'location')?.[1];
      if (location !== undefined) assert.equal(new URL(location).host, 'shop.example', location);
    }),
    { numRuns },
  );
});

test('a header for the origin is one line of the value, or is left as it was', async () => {
  const { ask } = startDecider({
    expressionRules: [
      expressionRule(Phase.lateTransform, {
        kind: 'rewrite',
        headers: [
          'http.request.headers["x-to"][0]',
          'url_decode(http.request.headers["x-to"][0], "r")',
          'http.cookie',
        ].map((expression, at) => ({
          name: `x-${at}`,
          operation: 'set',
          value: { kind: 'expression', expression },
        })),
      }),
    ],
  });

  await fc.assert(
    fc.asyncProperty(bytes, async (text) => {
      const { requestHeaders } = await ask({
        headers: new Map([
          ['x-to', text],
          ['cookie', text],
        ]),
      });

      for (const { name, value } of requestHeaders) {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        assert.ok(![...value].some((each) => each < ' ' && each !== '\t'), JSON.stringify(value));
      }
      if (/^[!-~\x80-\xff]*$/.test(text))
        assert.equal(requestHeaders[0]?.value, text, 'bytes of letters pass as they are');
    }),
    { numRuns },
  );
});
