/** Rules whose patterns would take other engines for ever, on requests made for them: each takes time by its bytes, once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Phase } from '@precede/contracts';
import { block, expressionRule, startDecider } from '../decider.test-kit.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { withPublishers } from '../publisher.test-kit.ts';

const agent = 'http.user_agent';
/** A pattern, what it is repeated over, and what comes last. */
const hostile: readonly (readonly [condition: string, unit: string, end: string])[] = [
  [`${agent} matches "(a+)+$"`, 'a', '!'],
  [`${agent} matches "^(a|a)*b$"`, 'a', 'c'],
  [`${agent} matches "(x+x+)+y"`, 'x', 'z'],
  [`${agent} matches ".*.*.*=.*;"`, 'a=', ''],
  [`${agent} matches "(a?){50}a{50}$"`, 'a', '!'],
  [`${agent} matches "a{900}b"`, 'a', ''],
  [`${agent} wildcard "*a*a*a*a*a*a*a*b"`, 'a', ''],
  [`${agent} contains "${'a'.repeat(200)}b"`, 'a', ''],
  [`regex_replace(${agent}, "(a+)+b", "c") eq "c"`, 'a', ''],
  [`wildcard_replace(${agent}, "*a*a*a*b", "\${1}") eq "c"`, 'a', ''],
  [`url_decode(${agent}, "r") eq "c"`, '%25', ''],
  [`lookup_json_string(${agent}, "a") eq "c"`, '{"a":', ''],
  ['http.request.uri.path matches "(/[a-z]*)*$"', '/', '!'],
  ['any(http.request.uri.args.names[*] matches "(a+)+$")', 'a&', '!'],
  ['any(http.request.cookies["a"][*] eq "b")', '; a=', 'c'],
  ['any(http.request.accepted_languages[*] eq "b")', 'a;q=1,', ''],
  ['any(http.request.body.multipart.values[*] eq "b")', '\r\n--b\r\n\r\n', ''],
];

const requestOf = (unit: string, end: string, bytes: number): Partial<GatewayRequest> => {
  const text = unit.repeat(bytes / unit.length) + end;
  return {
    path: `/${text}?${text}`,
    headers: new Map([
      ['user-agent', text],
      ['cookie', text],
      ['accept-language', text],
      ['content-type', 'multipart/form-data; boundary=b'],
    ]),
    body: Buffer.from(text, 'latin1'),
  };
};

test('take time by the bytes of the request, not by their square', async () => {
  for (const [expression, unit, end] of hostile) {
    const { ask } = startDecider({ expressionRules: [expressionRule(Phase.custom, block, { expression })] });
    const take = async (bytes: number): Promise<number> => {
      const request = requestOf(unit, end, bytes);
      let least = Number.POSITIVE_INFINITY;
      for (let run = 0; run < 5; run += 1) {
        const startMs = performance.now();
        await ask(request);
        least = Math.min(least, performance.now() - startMs);
      }
      return least;
    };

    const [small, large] = [await take(4_096), await take(65_536)];

    // 16 times the bytes; 256 times would be the square. What is less than 20 ms is no harm.
    assert.ok(large < Math.max(20, small * 100), `${expression}: ${small} ms, ${large} ms`);
  }
});

test('leave a receipt whose trace is bounded', async () => {
  for (const [expression, unit, end] of hostile) {
    const { recorder, decisions } = withPublishers();
    const rule = expressionRule(Phase.custom, block, { expression: `(${expression}) or http.host ne ""` });
    const { ask } = startDecider({ expressionRules: [rule], deps: { recorder } });

    const { decision } = await ask(requestOf(unit, end, 16_000));
    const [receipt] = await decisions();

    assert.equal(decision, 'deny', expression);
    assert.ok((receipt?.trace.length ?? 0) > 0 && (receipt?.trace.length ?? 0) <= 4096, expression);
  }
});

test('a rule that takes too long to explain says so', async () => {
  const { recorder, decisions } = withPublishers();
  const rule = expressionRule(Phase.custom, block, { expression: `not ${agent} matches "a{900}b"` });
  const { ask } = startDecider({ expressionRules: [rule], deps: { recorder } });

  await ask({ headers: new Map([['user-agent', 'a'.repeat(8_000)]]) });
  await ask({ headers: new Map([['user-agent', 'a'.repeat(80)]]) });

  const [long, short] = await decisions();
  assert.equal(long?.trace, 'Left out: the values of the request are too long.');
  assert.match(short?.trace ?? '', /^true {3}not/);
});
