/** docs/rules.md against the language: every example is run, and nothing of the language is left out. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  compiledEvaluator,
  compileValueExpression,
  ExpressionFaultCode,
  FieldLayout,
  FieldSource,
  fieldByName,
  functions,
  operators,
  parseCase,
  parseExpression,
  parseFields,
  parseValueExpression,
  referenceEvaluator,
  showFault,
  type Value,
  type ValueExpression,
} from '@precede/rules';
import { type Block, blocksOf, type Example, examplesOf, type Fence, type Table } from './rules-docs.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/rules.md', root), 'utf8');
const blocks = blocksOf(page);
const examples = examplesOf(blocks, (name) => fieldByName.has(name));
const evaluators = { compiledEvaluator, referenceEvaluator };

const isFence = (block: Block): block is Fence => block.kind === 'fence';
const fencesOf = (language: string): readonly Fence[] =>
  blocks.filter(isFence).filter((fence) => fence.language === language);
const isTable = (block: Block): block is Table => block.kind === 'table';

/** The named lists that all examples of the page share. */
const listsFence = blocks.find((block) => isFence(block) && block.language === 'json lists') as Fence;
const lists = parseCase({ expression: 'ssl', lists: JSON.parse(listsFence.text) }).lists ?? new Map();

const place = ({ line, expression }: Example): string => `line ${line}: ${expression}`;

const matchesOf = (expression: string, values: ReadonlyMap<string, Value>): readonly boolean[] => {
  const parsed = parseExpression(expression, { lists });
  assert.ok(parsed.kind === 'parsed', parsed.kind === 'refused' ? showFault(expression, parsed.fault) : '');
  return Object.values(evaluators).map((evaluator) => evaluator(parsed.expression, lists)(values));
};

const checkMatch = (example: Example, isMatch: boolean): void => {
  const values = parseFields(example.request);
  assert.deepEqual(matchesOf(example.expression, values), [isMatch, isMatch], place(example));
};

const parsedValueOf = (example: Example): ValueExpression => {
  const parsed = parseValueExpression(example.expression, { lists });
  if (parsed.kind === 'refused')
    assert.fail(`${place(example)}\n${showFault(example.expression, parsed.fault)}`);
  return parsed.expression;
};

/** The JSON of a result as a value of the type of its expression. */
const wantedOf = (json: unknown, { type }: ValueExpression): Value | undefined =>
  parseFields(
    { result: json ?? null },
    '',
    new Map([['result', { name: 'result', type, doc: '', filledBy: FieldSource.nobody }]]),
  ).get('result');

const checkResult = (example: Example, json: unknown): void => {
  const expression = parsedValueOf(example);
  const values = parseFields(example.request);
  const layout = new FieldLayout();
  const getter = compileValueExpression(expression, { layout, lists });
  assert.deepEqual(getter(layout.fill(values)), wantedOf(json, expression), place(example));
  // No rule may ask it.
  if (!example.expression.startsWith('uuidv4(')) checkResultByRules(example, json, values);
};

/** The reference evaluator answers rules alone: so ones that compare the value, or its items, with the result. */
const checkResultByRules = (example: Example, json: unknown, values: ReadonlyMap<string, Value>): void => {
  const { expression } = example;
  const { type } = parsedValueOf(example);
  const checkRule = (rule: string, isMatch: boolean) =>
    assert.deepEqual(matchesOf(rule, values), [isMatch, isMatch], `${place(example)}: ${rule}`);
  const checkScalar = (value: string, found: unknown) => {
    checkRule(`${value} eq ${written(found)}`, true);
    checkRule(`${value} ne ${written(found)}`, false);
  };
  if (type.kind === 'bool') checkRule(expression, json === true);
  else if (json === undefined) checkRule(`${expression}${falseIfMissing[type.kind]}`, false);
  else if (type.kind === 'ip') checkRule(`${expression} eq ${json}`, true);
  else if (!Array.isArray(json)) checkScalar(expression, json);
  else {
    for (const [at, item] of json.entries()) checkScalar(`${expression}[${at}]`, item);
    checkRule(`len(${expression}) eq ${json.length}`, true);
  }
};

/** Comparisons that only a missing value does not satisfy. */
const falseIfMissing = {
  bytes: ' ne "unlikely"',
  int: ' ne -999',
  ip: ' ne 192.0.2.255',
  array: '[0] ne "unlikely"',
  map: '["unlikely"] ne "unlikely"',
};

/** JSON of an integer or of bytes as a literal. */
const written = (json: unknown): string => {
  if (typeof json === 'string') return `"${json.replace(/["\\]/g, '\\$&')}"`;
  const { $hex, $int } = Object(json) as { $hex?: string; $int?: string };
  return $hex === undefined ? ($int ?? String(json)) : `"${$hex.replace(/../g, '\\x$&')}"`;
};

const checkRefusal = (example: Example, code: string): void => {
  const parse = example.isValue ? parseValueExpression : parseExpression;
  const parsed = parse(example.expression, { lists });
  assert.equal(parsed.kind === 'refused' ? parsed.fault.code : 'taken', code, place(example));
};

const check = (example: Example): void => {
  const { expected } = example;
  if (expected.kind === 'matches') checkMatch(example, expected.isMatch);
  else if (expected.kind === 'result') checkResult(example, expected.json);
  else checkRefusal(example, expected.code);
};

test('every example gives what the page says, in both evaluators', () => {
  const wrong = examples.flatMap((example) => {
    try {
      check(example);
      return [];
    } catch (error) {
      return [`${place(example)}\n${(error as Error).message}`];
    }
  });

  assert.equal(wrong.join('\n\n'), '');
  assert.ok(examples.length >= 300, `${examples.length} examples`);
});

test('every rule has a table below it that says what it matches', () => {
  const rules = fencesOf('rule');
  const bare = rules.filter((rule) => {
    const next = blocks[blocks.indexOf(rule) + 1];
    return next?.kind !== 'table' || !next.columns.includes('matches') || next.rows.length < 2;
  });

  assert.ok(rules.length >= 10);
  assert.deepEqual(bare, []);
});

test('every operator is run in each of its notations', () => {
  const run = examples.filter((each) => each.expected.kind !== 'code').map((each) => each.expression);
  const tokens = operators.flatMap((operator) => operator.tokens);
  const logical = ['not ', '!', ' and ', '&&', ' xor ', '^^', ' or ', '||', 'any(', 'all('];

  for (const token of [...tokens.map((each) => ` ${each} `), ...logical])
    assert.ok(
      run.some((expression) => expression.includes(token)),
      `no example of ${token}`,
    );
});

/** What stands under a heading, up to the next one. */
const under = (text: string): readonly Block[] => {
  const start = blocks.findIndex((block) => block.kind === 'heading' && block.text === text);
  if (start === -1) return [];
  const end = blocks.findIndex((block, at) => at > start && block.kind === 'heading');
  return blocks.slice(start + 1, end === -1 ? blocks.length : end);
};

test('every function has a part of its own: its signature, what it does, and examples that use it', () => {
  for (const { name, signature } of functions) {
    const tables = under(name).filter(isTable);
    const uses = tables.flatMap((table) =>
      table.rows.filter((row) => row.get('expression')?.includes(`${name}(`)),
    );

    assert.ok(uses.length >= 2, `${name} has ${uses.length} examples`);
    assert.ok(page.includes(`\`${signature}\``), `${signature} is not on the page`);
  }
});

/** Texts too long or too odd to be printed. */
const unprinted: Readonly<Record<string, string>> = {
  [ExpressionFaultCode.tooLong]: `http.host eq "${'x'.repeat(4096)}"`,
  [ExpressionFaultCode.tooDeep]: `${'('.repeat(129)}ssl${')'.repeat(129)}`,
  [ExpressionFaultCode.illFormed]: 'http.host eq "\ud800"',
};

test('every code of a fault is explained, and a refused example has it', () => {
  for (const [code, text] of Object.entries(unprinted)) {
    const parsed = parseExpression(text);
    assert.equal(parsed.kind === 'refused' ? parsed.fault.code : 'taken', code);
  }
  const shown = examples.flatMap(({ expected }) => (expected.kind === 'code' ? [expected.code] : []));
  for (const code of Object.values(ExpressionFaultCode)) {
    assert.ok(page.includes(`| \`${code}\` |`), `${code} is not explained`);
    assert.ok(shown.includes(code) || code in unprinted, `no example of ${code}`);
  }
});

/** Commands as they are typed, and what they print. */
const consoles = fencesOf('console').flatMap(({ text }) =>
  text
    .split(/^\$ /m)
    .filter((each) => each !== '')
    .map((each) => {
      const end = each.indexOf('\n');
      return { command: each.slice(0, end), output: each.slice(end + 1).trimEnd() };
    }),
);

test('every command prints what the page shows', async () => {
  for (const name of ['check', 'explain', 'fmt', 'fields', 'eval'])
    assert.ok(
      consoles.some(({ command }) => command.startsWith(`precede rules ${name} `)),
      `no example of rules ${name}`,
    );
  const env = { ...process.env, NODE: process.execPath };
  const printed = await Promise.all(
    consoles.map(async ({ command }) => {
      const run = command.replace(/^precede/, '"$NODE" cli/src/main.ts');
      const child = spawn('sh', ['-c', `${run} 2>&1`], {
        cwd: root,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return { command, output: (await text(child.stdout)).trimEnd() };
    }),
  );
  assert.deepEqual(printed, consoles);
});

test('every field that the page names exists, and every source of fields is explained', () => {
  const spans = page
    .replace(/^```.*?^```$/gms, '')
    .matchAll(/`((?:raw\.)?(?:http|cf|ip)\.[a-z0-9_]+(?:\.[a-z0-9_]+)*)`/g);
  const unknown = [...spans].map(([, name = '']) => name).filter((name) => !fieldByName.has(name));

  assert.deepEqual(unknown, []);
  for (const source of Object.values(FieldSource)) assert.ok(page.includes(`| \`${source}\` |`), source);
});
