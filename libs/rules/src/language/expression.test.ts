import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxCharacters, parseExpression, parseValueExpression } from './expression.ts';
import { type ExpressionFault, positionIn, showFault } from './faults.ts';
import { parseList } from './list-items.ts';

const faultOf = (text: string): ExpressionFault => {
  const parsed = parseExpression(text);
  assert.ok(parsed.kind === 'refused', `${text} is taken`);
  return parsed.fault;
};

/** Expression, code, text at fault, part of the hint. */
const refusals: readonly (readonly [text: string, code: string, at: string, hint?: RegExp])[] = [
  ['cf.sequence.next_op eq "a"', 'unknown_field', 'cf.sequence.next_op', /current_op/],
  ['startswith(http.host, "a")', 'unknown_function', 'startswith', /starts_with/],
  ['entirely.different eq "a"', 'unknown_field', 'entirely.different'],
  ['ssl AND ssl', 'syntax', 'A', /lower case/],
  ['NOT ssl', 'unknown_field', 'NOT', /lower case/],
  ['http.host = "a"', 'syntax', '=', /eq or ==/],
  ["http.host eq 'a'", 'type', "'", /double quotes/],
  ['"a" eq http.host', 'syntax', '"', /right side/],
  ['http.host eq http.host', 'type', 'h', /literal/],
  ['cf.threat_score eq "70"', 'type', '"', /without quotes/],
  ['ip.src eq "192.0.2.1"', 'type', '"', /without quotes/],
  ['ip.src eq 192.0.2.0/24', 'address', '192.0.2.0/24', /in \{192/],
  ['ip.src in {192.0.2.1/24}', 'address', '192.0.2.1/24', /192\.0\.2\.0\/24/],
  ['ip.src in {192.0.2.9..192.0.2.1}', 'range', '192.0.2.9..192.0.2.1', /192\.0\.2\.1\.\.192\.0\.2\.9/],
  ['ip.src lt 192.0.2.9', 'type', 'lt', /eq, ne and in/],
  ['cf.threat_score in {1, 2}', 'syntax', ',', /comma/],
  ['cf.threat_score in {9..1}', 'range', '9..1', /1\.\.9/],
  ['cf.threat_score in 1', 'syntax', '1'],
  ['cf.threat_score eq 08', 'number', '08', /octal/],
  ['cf.threat_score eq 9223372036854775808', 'number', '9223372036854775808'],
  ['cf.threat_score contains "1"', 'type', 'contains'],
  ['ssl eq true', 'syntax', 'e', /stands alone/],
  ['http.host not in {"a"}', 'syntax', 'n', /not field in/],
  ['ssl # a comment', 'syntax', '#', /no comments/],
  ['ssl\tand ssl', 'syntax', '\t', /tab/],
  ['ssl;', 'syntax', ';', /semicolon/],
  ['ssl & ssl', 'syntax', '&', /&&/],
  ['ssl | ssl', 'syntax', '|', /\|\|/],
  ['ssl)', 'syntax', ')', /without an opening/],
  ['cf.sequence.previous_ops [0] eq "a"', 'syntax', '[', /no space/],
  ['cf.sequence.previous_ops eq "a"', 'type', 'eq', /pick an item/],
  ['cf.sequence.previous_ops', 'type', 'cf.sequence.previous_ops', /any\(/],
  ['http.request.headers', 'type', 'http.request.headers', /key/],
  ['cf.sequence.previous_ops["a"] eq "a"', 'index', '["a"]', /\[0\]/],
  ['http.request.headers[0] eq "a"', 'index', '[0]', /\["key"\]/],
  ['http.host[0] eq "a"', 'index', '[0]', /no items/],
  ['cf.sequence.previous_ops[-1] eq "a"', 'index', '-1'],
  ['cf.sequence.previous_ops[x] eq "a"', 'index', 'x'],
  ['http.request.headers["\\xff"][0] eq "a"', 'text', '"\\xff"'],
  ['cf.sequence.previous_ops[*] eq "a"', 'type', 'cf.sequence.previous_ops[*] eq "a"', /any/],
  ['any(cf.sequence.previous_ops)', 'type', 'cf.sequence.previous_ops', /compare its items/],
  ['any("a")', 'type', '"a"'],
  ['any(ssl)', 'type', 'ssl'],
  ['any(cf.sequence.previous_ops[*] eq "a" or ssl)', 'syntax', 'or', /any\(\(/],
  ['any(any(cf.sequence.previous_ops[*] eq "a"))', 'type', 'any(cf.sequence.previous_ops[*] eq "a")'],
  [
    'ssl and (cf.sequence.previous_ops[*] eq "a")',
    'type',
    '(cf.sequence.previous_ops[*] eq "a")',
    /close any/,
  ],
  ['concat(http.host, cf.sequence.previous_ops[*]) eq "a"', 'star', 'cf.sequence.previous_ops[*]'],
  ['len() eq 1', 'argument_count', 'len'],
  ['len(http.host, http.host) eq 1', 'argument_count', 'http.host'],
  ['concat(http.host) eq "a"', 'argument_count', 'concat', /first/],
  ['starts_with("a", "a")', 'argument_kind', '"a"'],
  ['cidr(ip.src, 33, 1) eq 192.0.2.1', 'argument_value', '33'],
  ['url_decode(http.host, "x") eq "a"', 'argument_value', '"x"'],
  ['regex_replace(http.host, "(a", "b") eq "a"', 'argument_value', '"(a"'],
  ['regex_replace(http.host, "a", "${1}") eq "a"', 'argument_value', '"${1}"'],
  ['regex_replace(http.host, "a", "$1") eq "a"', 'argument_value', '"$1"'],
  ['wildcard_replace(http.host, "**", "a") eq "a"', 'argument_value', '"**"'],
  ['wildcard_replace(http.host, "a*", "${2}") eq "a"', 'argument_value', '"${2}"'],
  [
    'regex_replace(http.host, "a", "b") eq "a" or regex_replace(http.host, "a", "b") eq "b"',
    'place',
    'regex_replace',
    /split/,
  ],
  ['wildcard_replace(regex_replace(http.host, "a", "b"), "*", "a") eq "a"', 'place', 'regex_replace'],
  ['remove_query_args(http.host, "a") eq "a"', 'argument_value', 'http.host'],
  ['uuidv4(cf.random_seed) eq "a"', 'place', 'uuidv4'],
  ['http.host matches "a(?=b)"', 'regex', '(?='],
  ['http.host wildcard "a**"', 'wildcard', '"a**"'],
  ['http.host wildcard "a\\\\b"', 'wildcard', '"a\\\\b"', /\\\\/],
  ['http.host in $Office', 'list_name', 'O'],
  ['http.host in $.office', 'list_name', '.'],
  ['http.host in $a..b', 'list_name', 'a'],
  ['http.host in $a.', 'list_name', 'a'],
  ['http.host eq "a', 'text', '"a'],
  ['http.host eq "\\n"', 'text', '\\n', /raw text/],
  ['http.host eq r#"a"', 'text', 'r#"a"'],
  ['http.host eq rx', 'text', 'x'],
  ['http.host eq 61:', 'type', '6'],
  ['http.host eq 61:62:', 'text', ':'],
  ['(ssl', 'unfinished', ''],
  ['ssl and', 'unfinished', ''],
  ['http.host', 'unfinished', ''],
  ['http.host eq', 'unfinished', ''],
  ['cf.threat_score eq', 'unfinished', ''],
  ['ip.src eq', 'unfinished', ''],
  ['http.host in', 'unfinished', ''],
  ['http.host in {"a"', 'unfinished', ''],
  ['len(http.host', 'unfinished', ''],
  ['lower(', 'unfinished', 'lower'],
  ['', 'unfinished', ''],
  ['   ', 'unfinished', ''],
  ['http.host eq "\ud800"', 'ill_formed', 'http.host eq "\ud800"'],
];

test('the first fault is told with its code, its place and what to write instead', () => {
  for (const [text, code, at, hint] of refusals) {
    const fault = faultOf(text);
    assert.deepEqual(
      { code: fault.code, at: text.slice(fault.offset, fault.offset + fault.length) },
      { code, at },
      text,
    );
    assert.match(fault.hint, hint ?? /\S/, text);
  }
});

test('counts lines by their ends and columns by characters', () => {
  const text = 'http.host eq "😀" and\n  http.user_agent eq "ü" or x';

  const fault = faultOf(text);

  assert.deepEqual({ line: fault.line, column: fault.column }, { line: 2, column: 29 });
  assert.deepEqual(positionIn('😀a', 2), { line: 1, column: 2 });
});

test('shows the line of a fault with a mark below it', () => {
  const text = 'ssl and\nhttp.host = "a"';

  assert.equal(
    showFault(text, faultOf(text)),
    '2:11: an operator is expected: found "="\nhttp.host = "a"\n          ^\n          equality is eq or ==',
  );
});

test('what a fault shows is safe for a terminal and keeps its mark in place', () => {
  const shown = (text: string): string => showFault(text, faultOf(text));

  assert.match(shown('ssl \u001b]0;x\u0007'), /^1:5: found "\\u001b"\nssl {2}\]0;x \n {4}\^\n/);
  assert.match(shown('\nx'), /^2:1: .*\nx\n\^\n/);
  assert.match(shown('http.host in {"😀" 😀😀}'), /\n {18}\^\n/);
  assert.equal(showFault('\nx', { ...faultOf('x'), offset: 0, length: 0 }).split('\n')[1], '');
});

test('counts characters, not units, against the limit', () => {
  const filled = (characters: number): string =>
    `http.host eq "${'😀'.repeat(characters - 'http.host eq ""'.length)}"`;

  assert.equal(parseExpression(filled(maxCharacters)).kind, 'parsed');
  assert.equal(faultOf(filled(maxCharacters + 1)).code, 'too_long');
  assert.equal(faultOf('a'.repeat(1_000_000)).code, 'too_long');
});

test('takes white space of every kind at the ends alone', () => {
  assert.equal(parseExpression('\u00a0\t\u2003ssl\u2028\t').kind, 'parsed');
  assert.equal(faultOf('ssl\u00a0and ssl').code, 'syntax');
});

test('nests 128 levels of any kind', () => {
  const nested = (open: string, close: string, levels: number): string =>
    `${open.repeat(levels)}ssl${close.repeat(levels)}`;

  for (const [open, close] of [
    ['(', ')'],
    ['not ', ''],
    ['!', ''],
  ] as const) {
    assert.equal(parseExpression(nested(open, close, 128)).kind, 'parsed');
    assert.equal(faultOf(nested(open, close, 129)).code, 'too_deep');
  }
});

test('knows the lists it is told, and their types', () => {
  const lists = new Map([['office', parseList('ip', ['192.0.2.0/24'])]]);
  const codeOf = (text: string): string => {
    const parsed = parseExpression(text, { lists });
    return parsed.kind === 'parsed' ? 'parsed' : parsed.fault.code;
  };

  assert.equal(codeOf('ip.src in $office'), 'parsed');
  assert.equal(codeOf('ip.src in $home'), 'unknown_list');
  assert.equal(codeOf('http.host in $office'), 'type');
  assert.equal(codeOf('ssl and len(http.host) gt 1 and not ip.src in $home'), 'unknown_list');
});

test('an expression that gives a value is one field or call', () => {
  const kindOf = (text: string): string => {
    const parsed = parseValueExpression(text);
    return parsed.kind === 'parsed' ? 'parsed' : parsed.fault.code;
  };

  assert.equal(kindOf('concat("https://", http.host, http.request.uri.path)'), 'parsed');
  assert.equal(kindOf('uuidv4(cf.random_seed)'), 'parsed');
  assert.equal(kindOf('http.request.headers["x-a"][0]'), 'parsed');
  assert.equal(kindOf('cf.sequence.previous_ops[*]'), 'star');
  assert.equal(kindOf('http.host eq "a"'), 'syntax');
  assert.equal(kindOf('"a"'), 'syntax');
});

test('an own vocabulary takes the place of the language', () => {
  const vocabulary = {
    fields: new Map([
      ['color', { name: 'color', type: { kind: 'bytes' as const }, doc: '', filledBy: 'request' as const }],
    ]),
    functions: new Map(),
  };

  assert.equal(parseExpression('color eq "red"', { vocabulary }).kind, 'parsed');
  assert.equal(parseExpression('http.host eq "red"', { vocabulary }).kind, 'refused');
});
