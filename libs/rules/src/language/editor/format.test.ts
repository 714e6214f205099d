import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxCharacters, parseExpression } from '../expression.ts';
import { printExpression } from '../print.ts';
import { anyExpression } from './expression.test-arbitraries.ts';
import { formatExpression } from './format.ts';

const format = (text: string, width?: number): string => {
  const formatted = formatExpression(text, width === undefined ? {} : { width });
  assert.equal(formatted.kind, 'formatted', text);
  return formatted.kind === 'formatted' ? formatted.text : '';
};

const printed = (text: string): string => {
  const parsed = parseExpression(text);
  assert.equal(parsed.kind, 'parsed', text);
  return parsed.kind === 'parsed' ? printExpression(parsed.expression) : '';
};

const anyWidth = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(100));

test('changes neither the tree nor what it has formatted before', () => {
  fc.assert(
    fc.property(anyExpression, anyWidth, (text, width) => {
      const formatted = format(text, width);

      assert.equal(printed(formatted), printed(text));
      assert.equal(format(formatted, width), formatted);
    }),
    { numRuns: 500 },
  );
});

test('puts an expression on one line wherever it fits', () => {
  fc.assert(
    fc.property(anyExpression, anyWidth, (text, width) => {
      const one = printed(text);
      const lines = one.split('\n');

      fc.pre(lines.every((line) => [...line].length <= width));
      assert.equal(format(text, width), one);
    }),
  );
});

/** What may stand before the token of a line, and an operator of two words. */
const lead = /^ *(?:(?:and|or|xor|not|in|strict) )*/;
/** No space outside a text. */
const oneToken = /^(?:"(?:[^"\\]|\\.)*"|[^ "])*$/;

test('lets a line be longer than the width only for one token', () => {
  fc.assert(
    fc.property(anyExpression, anyWidth, (text, width) => {
      // A line feed in a literal would part it.
      fc.pre(!printed(text).includes('\n'));

      for (const line of format(text, width).split('\n'))
        if ([...line].length > width) assert.match(line.replace(lead, ''), oneToken);
    }),
  );
});

test('breaks an expression as a careful person would', () => {
  const text =
    'cf.sequence.current_op == "7e57ab1e" && !any((cf.sequence.previous_ops[*] == "10ad1de0" || ' +
    'cf.sequence.previous_ops[*]=="20ad1de0")) and (ip.src in {192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 192.0.2.1} or ' +
    'http.host eq "api.example.com" and not concat(http.host, "/", http.request.uri.path) contains "x") or ssl';

  assert.equal(
    format(text, 60),
    [
      'cf.sequence.current_op eq "7e57ab1e"',
      '  and not any((',
      '    cf.sequence.previous_ops[*] eq "10ad1de0"',
      '    or cf.sequence.previous_ops[*] eq "20ad1de0"',
      '  ))',
      '  and (',
      '    ip.src in {',
      '      192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 192.0.2.1',
      '    }',
      '    or http.host eq "api.example.com"',
      '      and not concat(http.host, "/", http.request.uri.path)',
      '        contains "x"',
      '  )',
      'or ssl',
    ].join('\n'),
  );
});

test('fills the lines of a long set', () => {
  const text = `cf.threat_score in {${Array.from({ length: 30 }, (_, at) => at + 10).join('  ')}}`;

  assert.equal(
    format(text, 40),
    [
      'cf.threat_score in {',
      '  10 11 12 13 14 15 16 17 18 19 20 21 22',
      '  23 24 25 26 27 28 29 30 31 32 33 34 35',
      '  36 37 38 39',
      '}',
    ].join('\n'),
  );
  assert.equal(
    format('lower(http.request.headers["x-tenant"][0]) in {"a" "b"}', 43),
    'lower(http.request.headers["x-tenant"][0])\n  in {"a" "b"}',
  );
  assert.equal(
    format('http.request.uri.path.extension in {"aaaa" "bbbb" "cccc" "dddd" "eeee"}', 33),
    'http.request.uri.path.extension\n  in {\n    "aaaa" "bbbb" "cccc" "dddd"\n    "eeee"\n  }',
  );
});

test('gives each argument of a long call a line, and what is picked stays behind it', () => {
  assert.equal(
    format('split(concat(http.host, "/", http.user_agent), ",", 8)[0] eq "beta"', 30),
    [
      'split(',
      '  concat(',
      '    http.host,',
      '    "/",',
      '    http.user_agent',
      '  ),',
      '  ",",',
      '  8',
      ')[0] eq "beta"',
    ].join('\n'),
  );
});

test('breaks calls and plain arguments in any and all', () => {
  assert.equal(
    format('any(starts_with(http.request.headers["x-tenant"][*], "blue"))', 40),
    ['any(', '  starts_with(', '    http.request.headers["x-tenant"][*],', '    "blue"', '  )', ')'].join(
      '\n',
    ),
  );
  assert.equal(
    format('to_string((ssl and cf.threat_score gt 10)) eq "true"', 34),
    'to_string(\n  (ssl and cf.threat_score gt 10)\n) eq "true"',
  );
});

test('breaks between operator and literal where nothing else is left', () => {
  assert.equal(
    format('http.host strict wildcard "a.very.long.host.example.com"', 34),
    'http.host\n  strict wildcard\n    "a.very.long.host.example.com"',
  );
});

test('keeps parentheses, also two pairs', () => {
  assert.equal(format('( ( ssl ) )and(not ssl)'), '((ssl)) and (not ssl)');
});

test('keeps line feeds in literals where they are', () => {
  const text = 'http.host eq r"a\n  b" and http.user_agent contains r"x\n" and ssl';

  assert.equal(format(text, 30), 'http.host eq r"a\n  b"\nand http.user_agent\n  contains r"x\n"\nand ssl');
});

test('refuses what does not parse with the fault of the parser', () => {
  const formatted = formatExpression('ssl and');

  assert.equal(formatted.kind === 'refused' && formatted.fault.code, 'unfinished');
});

test('stays on one line, or leaves a text as it is, where breaking it would make it too long', () => {
  const nested = `${'('.repeat(120)}${Array.from({ length: 100 }, () => 'ssl').join(' or ')}${')'.repeat(120)}`;
  const dense = Array.from({ length: 450 }, () => '!ssl||ssl')
    .join('&&')
    .slice(0, maxCharacters - 3);
  const text = dense.slice(0, dense.lastIndexOf('&&'));

  assert.equal(format(nested), nested);
  assert.equal(format(text), text);
});
