import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

const main = join(import.meta.dirname, 'main.ts');
const rule = 'cf.sequence.current_op eq "7e57ab1e" and not any(cf.sequence.previous_ops[*] == "10ad1de0")';

/** Runs `precede rules …` as a person would; `input` is its standard input. */
const rules = async (args: readonly string[], input = '') => {
  const child = spawn(process.execPath, [main, 'rules', ...args], { stdio: 'pipe' });
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ]);
  return { out, err, code };
};

const fileOf = async (t: TestContext, content: string): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-rules-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'file'), content);
  return join(dir, 'file');
};

const lines = (...cases: readonly object[]): string => cases.map((each) => JSON.stringify(each)).join('\n');
const good = {
  id: 'a',
  expression: 'ssl',
  valid: true,
  requests: [{ fields: { ssl: true }, expected: true }],
};
const wrong = {
  id: 'b',
  expression: 'http.host eq "a"',
  valid: true,
  requests: [
    { fields: { 'http.host': { $hex: '61' } }, expected: true },
    { fields: {}, expected: true },
  ],
};
const taken = { id: 'c', expression: 'ssl', valid: false, requests: [] };
const refused = {
  id: 'd',
  expression: 'ssl eq true',
  valid: true,
  requests: [{ fields: {}, expected: true }],
};

test('eval counts cases that come out as they must', async (t) => {
  const file = await fileOf(t, `${lines(good)}\n\n`);

  const { out, code } = await rules(['eval', '--cases', file]);

  assert.equal(out, '1 expressions, 1 evaluations: all as they must be\n');
  assert.equal(code, 0);
});

test('eval prints a line a mismatch and ends with 6', async () => {
  const { out, code } = await rules(['eval', '--cases', '-'], lines(good, wrong, taken, refused));

  assert.match(out, /^wrong b: request 2 gives false, must give true: http.host eq "a"$/m);
  assert.match(out, /^wrong c: is taken, must be refused: ssl$/m);
  assert.match(out, /^wrong d: is refused, must be taken: 1:5: found "e"$/m);
  assert.match(out, /^4 expressions, 4 evaluations: 2 expressions and 2 evaluations wrong$/m);
  assert.equal(code, 6);
});

test('eval gives counts and the first mismatches as JSON, with either evaluator', async (t) => {
  const file = await fileOf(t, lines(good, wrong, taken));

  for (const evaluator of ['compiled', 'reference']) {
    const { out, code } = await rules(['eval', '--cases', file, '--json', '--evaluator', evaluator]);
    const { first, ...counts } = JSON.parse(out);
    assert.deepEqual(counts, { expressions: 3, wrong_expressions: 1, evaluations: 3, wrong_evaluations: 1 });
    assert.deepEqual(first[0], {
      id: 'b',
      expression: 'http.host eq "a"',
      request: 1,
      expected: true,
      result: false,
    });
    assert.equal(first[1].id, 'c');
    assert.equal(code, 6);
  }
});

test('eval reads lines as JSON lines have them', async () => {
  const spread = { ...good, expression: 'http.host ne "\u2028\u2029"', requests: [] };

  const { out, code } = await rules(
    ['eval', '--cases', '-'],
    `\ufeff${JSON.stringify(good)}\r\n${JSON.stringify(spread).replace(/\\u202(.)/g, (_all, digit) => String.fromCharCode(0x2020 + Number(digit)))}`,
  );

  assert.equal(out, '2 expressions, 1 evaluations: all as they must be\n');
  assert.equal(code, 0);
});

test('eval names the lines that are no cases, runs the others, and ends with 2', async (t) => {
  const unknown = { ...good, requests: [{ fields: { 'http.hots': 'a' }, expected: true }] };
  const file = await fileOf(t, `${lines(good, unknown)}\n{\n${lines(wrong)}`);

  const told = await rules(['eval', '--cases', file]);
  assert.match(
    told.out,
    /^no case .*file:2: \/requests\/0\/fields\/http\.hots: there is no field http\.hots$/m,
  );
  assert.match(told.out, /^no case .*file:3: no JSON/m);
  assert.match(told.out, /^wrong b: request 2/m);
  assert.match(told.out, /^4 expressions, 4 evaluations: 2 expressions and 2 evaluations wrong$/m);
  assert.equal(told.code, 2);

  const { first, ...counts } = JSON.parse((await rules(['eval', '--cases', file, '--json'])).out);
  assert.deepEqual(counts, { expressions: 4, wrong_expressions: 2, evaluations: 4, wrong_evaluations: 2 });
  assert.match(first[0].place, /file:2$/);

  const away = await rules(['eval', '--cases', '/nowhere/at/all']);
  assert.match(away.err, /\/nowhere\/at\/all cannot be read \(ENOENT\)/);
  assert.equal(away.code, 2);
});

test('check says what an expression reads, and what is odd about it', async () => {
  const fine = await rules(['check', rule]);
  assert.equal(fine.out, 'valid; reads cf.sequence.current_op, cf.sequence.previous_ops\n');
  assert.equal(fine.code, 0);

  const odd = await rules(['check', '--strict', 'cf.threat_score gt 10 and cf.threat_score lt 5']);
  assert.match(odd.out, /^warning 1:1: the rule never matches$/m);
  assert.equal(odd.code, 6);

  const json = JSON.parse((await rules(['check', '--json', 'ssl'])).out);
  assert.deepEqual(json, { valid: true, expression: 'ssl', fields: ['ssl'], findings: [] });
});

test('check shows the place of a fault and ends with 2', async (t) => {
  const shown = await rules(['check', 'ssl eq true']);
  assert.match(shown.err, /1:5: found "e"\nssl eq true\n {4}\^\n {4}a Bool stands alone/);
  assert.equal(shown.code, 2);

  const json = await rules(['check', '--json', '--file', await fileOf(t, 'ssl and\n x')]);
  assert.deepEqual(
    [JSON.parse(json.out).fault.code, JSON.parse(json.out).fault.line, json.code],
    ['unknown_field', 2, 2],
  );
});

test('check knows the lists it is given', async (t) => {
  const lists = await fileOf(t, JSON.stringify({ office: { type: 'ip', items: ['192.0.2.0/24'] } }));

  assert.equal((await rules(['check', 'ip.src in $office', '--lists', lists])).code, 0);
  assert.match((await rules(['check', 'ip.src in $home', '--lists', lists])).err, /there is no list \$home/);
  const broken = await fileOf(t, '{"office": {"type": "ip", "items": ["x"]}}');
  assert.match((await rules(['check', 'ssl', '--lists', broken])).err, /\/office\/items\/0/);
});

test('explain says which part decided, and shows all of them', async (t) => {
  const fields = { 'cf.sequence.current_op': '7e57ab1e', 'cf.sequence.previous_ops': ['10ad1de0'] };
  const shown = await rules(['explain', rule, '--fields', JSON.stringify(fields)]);
  assert.match(shown.out, /^no rule match: .* has "10ad1de0"/);
  assert.match(shown.out, /^false {2}.*not any/m);
  assert.equal(shown.code, 0);

  const request = await fileOf(t, JSON.stringify(fields));
  const json = JSON.parse((await rules(['explain', rule, '--request', request, '--json'])).out);
  assert.equal(json.result, false);
  assert.equal(json.tree.children.length, 2);
});

test('explain names a field that is none, and takes one source of values', async () => {
  assert.match(
    (await rules(['explain', 'ssl', '--fields', '{"a":1}'])).err,
    /--fields: \/a: there is no field a/,
  );
  assert.match((await rules(['explain', 'ssl', '--fields', '{'])).err, /--fields: /);
  assert.match((await rules(['explain', 'ssl', '--fields', '{}', '--request', '-'])).err, /not both/);
  assert.match(
    (await rules(['explain', 'ssl'])).out,
    /^no rule match: `ssl` is false because ssl is missing/,
  );
});

test('fmt prints the canonical notation and checks for it', async () => {
  const printed = await rules(['fmt', '--file', '-'], '!ssl&&http.host=="a"');
  assert.equal(printed.out, 'not ssl and http.host eq "a"\n');
  assert.equal((await rules(['fmt', '--check', 'not ssl'])).code, 0);
  assert.equal((await rules(['fmt', '--check', '!ssl'])).code, 6);
  assert.equal((await rules(['fmt', '!'])).code, 2);
  assert.deepEqual(JSON.parse((await rules(['fmt', '--json', '!ssl'])).out), { text: 'not ssl' });
});

test('fields lists what can be read', async () => {
  const shown = await rules(['fields', 'sequence']);
  assert.match(shown.out, /^cf\.sequence\.current_op +Bytes +sequence/m);
  assert.equal(shown.out.trim().split('\n').length, 4);
  const json = JSON.parse((await rules(['fields', '--json'])).out);
  assert.ok(json.fields.length > 150 && json.functions.length > 20 && json.operators.length > 10);
  assert.match((await rules(['fields', 'nothing-like-it'])).err, /no field has/);
});

test('an expression comes from one place', async () => {
  assert.match((await rules(['check'])).err, /give an expression as the argument, or --file/);
  assert.match((await rules(['check', 'ssl', '--file', 'x'])).err, /give an expression/);
  assert.match(
    (await rules(['check', '--file', '/nowhere/at/all'])).err,
    /--file: \/nowhere\/at\/all cannot be read/,
  );
});
