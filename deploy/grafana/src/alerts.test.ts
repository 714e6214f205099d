import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rendered } from './build.ts';
import { bound } from './kit/alerts.ts';
import { anchorOf } from './kit/runbook.ts';

const rules = readFileSync(
  fileURLToPath(new URL('../../helm/precede/files/alerts.yaml', import.meta.url)),
  'utf8',
);

/** Text of each rule by its name: from its head to the next. */
const alerts = new Map(
  rules
    .split(/^\s*- (?:alert|record): /m)
    .slice(1)
    .map((rule) => [/^\S+/.exec(rule)?.[0] ?? '', rule]),
);

/** Numbers that an expression compares with; `14.4 * 0.001` is one. */
const boundsIn = (rule: string): readonly number[] =>
  [...rule.matchAll(/[<>]=?\s*([\d.]+)(?:\s*\*\s*([\d.]+))?/g)].map(
    ([, number = '', factor = '1']) => Math.round(Number(number) * Number(factor) * 1e9) / 1e9,
  );

test('red and orange begin where the alert does that watches the number', () => {
  for (const [name, value] of Object.entries(bound)) {
    const rule = alerts.get(name) ?? '';
    assert.ok(
      boundsIn(rule.split(/^\s*labels:/m)[0] ?? '').includes(value),
      `${name} has no bound ${value}:\n${rule}`,
    );
  }
});

test('every alert is linked from a panel that shows what it watches', () => {
  const linked = [...rendered().values()].join('\n');
  const names = [...alerts.keys()].filter((name) => /^Precede[A-Z]/.test(name));

  assert.ok(names.length > 30, `${names.length} alerts`);
  assert.deepEqual(
    names.filter((name) => !linked.includes(`#${anchorOf(name)}"`)),
    [],
  );
});
