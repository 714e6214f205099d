import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CompletionItem, completionsAt } from './completion.ts';
import { anyExpression } from './expression.test-arbitraries.ts';
import { hoverAt } from './hover.ts';
import { lists, operations } from './known-names.fixture.ts';

const options = { operations, lists };

/** Completions at the mark `|`. */
const at = (marked: string): readonly CompletionItem[] =>
  completionsAt(marked.replace('|', ''), marked.indexOf('|'), options);
const labels = (marked: string): readonly string[] => at(marked).map(({ label }) => label);
/** The text after the best completion. */
const completed = (marked: string): string => {
  const text = marked.replace('|', '');
  const [best] = at(marked);
  assert.ok(best, marked);
  return text.slice(0, best.replaces.start) + best.insert + text.slice(best.replaces.end);
};

test('offers fields, functions and words where an operand can stand', () => {
  assert.deepEqual(labels('ssl and htt|').slice(0, 2), ['http.cookie', 'http.host']);
  assert.deepEqual(labels('prev|'), ['cf.sequence.previous_ops']);
  assert.deepEqual(labels('(lookup_json_s|'), ['lookup_json_string']);
  assert.deepEqual(labels('not sec|').slice(0, 1), ['http.request.jwt.claims.iat.sec']);
  assert.deepEqual(labels('json|'), ['lookup_json_integer', 'lookup_json_string']);
  assert.equal(completed('ssl or star|'), 'ssl or starts_with(');
  assert.equal(completed('an|'), 'any(');
  assert.equal(completed('no|'), 'not ');
  assert.ok(labels('').includes('ssl') && labels('concat(http.host, |').includes('upper'));
  assert.ok(!labels('').includes('uuidv4'));
});

test('puts fields that are always missing, and other names, last', () => {
  const offered = labels('cf.zone.|');

  assert.deepEqual(offered, ['cf.zone.name', 'cf.zone.plan']);
  assert.deepEqual(labels('country|'), ['ip.src.country', 'ip.geoip.country']);
});

test('offers the operators of the type that stands before', () => {
  assert.ok(labels('http.host |').includes('contains'));
  assert.deepEqual(labels('ip.src |'), ['in', 'eq', 'ne']);
  assert.ok(labels('cf.sequence.msec_since_op["10ad1de0"] |').includes('bitwise_and'));
  assert.ok(labels('len(http.host) |').includes('ge'));
  assert.ok(labels('any(cf.sequence.previous_ops[*] |').includes('strict wildcard'));
  assert.ok(labels('any(lower(http.request.headers["a"][*])[*] |').includes('matches'));
  assert.ok(labels('any(cf.waf.content_scan.obj_sizes[*] |').includes('bitwise_and'));
  assert.equal(completed('http.host cont|'), 'http.host contains ');
  assert.deepEqual(labels('cf.sequence.previous_ops |'), ['[*]', '[0]']);
  assert.deepEqual(labels('http.request.headers |'), ['["key"]', '[*]']);
});

test('offers and, xor and or behind what is complete', () => {
  const words = ['and', 'xor', 'or'];
  for (const marked of [
    'ssl |',
    'starts_with(http.host, "a") |',
    'http.host eq "a" |',
    'cf.threat_score gt 010 |',
    'ip.src in {192.0.2.1} |',
    'ip.src in $bad |',
    '(ssl) |',
    'any(x) |',
    'any(starts_with(cf.sequence.previous_ops[*], "a") |',
  ])
    assert.deepEqual(labels(marked), words, marked);
});

test('offers operations where a short id can stand', () => {
  assert.equal(completed('cf.sequence.current_op eq |'), 'cf.sequence.current_op eq "10ad1de0"');
  assert.equal(completed('cf.sequence.current_op eq "|'), 'cf.sequence.current_op eq "10ad1de0"');
  assert.equal(
    completed('cf.sequence.current_op eq "7|" and ssl'),
    'cf.sequence.current_op eq "7e57ab1e" and ssl',
  );
  assert.equal(completed('cf.sequence.current_op == "pay|'), 'cf.sequence.current_op == "7e57ab1e"');
  assert.equal(completed('cf.sequence.current_op eq r"|'), 'cf.sequence.current_op eq r"10ad1de0"');
  assert.equal(
    completed('cf.sequence.current_op strict wildcard |'),
    'cf.sequence.current_op strict wildcard "10ad1de0"',
  );
  assert.equal(completed('cf.sequence.current_op in {|'), 'cf.sequence.current_op in {"10ad1de0"');
  assert.equal(
    completed('cf.sequence.current_op in {"10ad1de0" "7|"}'),
    'cf.sequence.current_op in {"10ad1de0" "7e57ab1e"}',
  );
  assert.equal(
    completed('cf.sequence.current_op in {"10ad1de0" |'),
    'cf.sequence.current_op in {"10ad1de0" "10ad1de0"',
  );
  assert.equal(
    completed('any(cf.sequence.previous_ops[*] == "7|'),
    'any(cf.sequence.previous_ops[*] == "7e57ab1e"',
  );
  assert.equal(completed('cf.sequence.msec_since_op[|'), 'cf.sequence.msec_since_op["10ad1de0"]');
  assert.equal(completed('cf.sequence.msec_since_op["7|'), 'cf.sequence.msec_since_op["7e57ab1e"]');
  assert.equal(
    completed('cf.sequence.msec_since_op["7|"] gt 5'),
    'cf.sequence.msec_since_op["7e57ab1e"] gt 5',
  );
  assert.equal(
    completed('has_key(cf.sequence.msec_since_op, |'),
    'has_key(cf.sequence.msec_since_op, "10ad1de0"',
  );
  assert.equal(at('cf.sequence.current_op eq "|')[0]?.detail, 'POST api.example.com/cart');
});

test('offers the named lists of the type that stands before', () => {
  assert.deepEqual(labels('ip.src in |'), ['$bad']);
  assert.deepEqual(labels('ip.src in $|'), ['$bad']);
  assert.equal(completed('http.host in $h|'), 'http.host in $hosts');
});

test('offers nothing where it does not know what is meant', () => {
  for (const marked of [
    'http.host eq "|',
    'http.host eq |',
    'cf.threat_score gt 1|',
    'concat(http.host, "a" |',
    'ip.src in {192.0.2.1 |',
    'http.request.headers[|',
    'nothing |',
    'http.host in $a $|',
    'x in |',
    'any(http.host[*] |',
    'http.host] |',
    '"a" |',
  ])
    assert.deepEqual(labels(marked), [], marked);
});

const scraps = fc.array(
  fc.constantFrom(
    ...'()[]{}"$,!*~ \n\\r#1a'.split(''),
    'http.host',
    ' eq ',
    'any(',
    'cf.sequence.current_op',
    ' in ',
    'r#"',
    'é',
    '&&',
  ),
  { maxLength: 30 },
);

test('never fails, whatever the text and the place', () => {
  const anyText = fc.oneof(
    scraps.map((each) => each.join('')),
    anyExpression,
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(anyText, fc.integer({ min: -3, max: 200 }), (text, offset) => {
      for (const { replaces } of completionsAt(text, offset, options)) {
        assert.ok(replaces.start >= 0 && replaces.start <= replaces.end && replaces.end <= text.length);
      }
      const hover = hoverAt(text, offset, options);
      assert.ok(hover === null || hover.lines.length > 0);
    }),
    { numRuns: 1000 },
  );
});

test('offers a completion for every part of an expression that is cut off at an operand', () => {
  fc.assert(
    fc.property(anyExpression, (text) => {
      assert.ok(completionsAt(`${text} and `, text.length + 5).length > 100);
    }),
  );
});

test('takes a long text in little time', () => {
  const text = `http.host eq "${'\\"('.repeat(50_000)}${'.'.repeat(50_000)}`;

  assert.deepEqual(completionsAt(text, text.length, options), []);
  assert.deepEqual(completionsAt(`1${'.'.repeat(100_000)}g `, 100_003, options), []);
});
