/** The worked cases of Sequence Mitigation (../mitigation/*.yaml) through the compiled evaluator and its lookback. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Operation, OperationId, RuleId, SequenceRule } from '@precede/contracts';
import { shortIdOf } from '@precede/contracts';
import { compileMitigation, createLookback, decideMitigation, push, runsAt } from '@precede/rules';
import { parse } from 'yaml';

interface Step {
  readonly operation: string | null;
  readonly at: string;
  readonly decision: 'allow' | 'deny';
  readonly rule?: string;
  readonly logged?: readonly string[];
  readonly lookback?: readonly string[];
  readonly times?: number;
}
interface Case {
  readonly note: string;
  readonly rules: readonly {
    readonly title: string;
    readonly kind: 'allow' | 'block';
    readonly action: 'block' | 'log';
    readonly sequence: readonly [string, string];
  }[];
  readonly requests: readonly Step[];
}

const namesOf = (each: Case): readonly string[] => [
  ...new Set([
    ...each.rules.flatMap((rule) => rule.sequence),
    ...each.requests.flatMap((request) => request.operation ?? []),
  ]),
];

const idOf = (index: number): OperationId =>
  `${(index + 1).toString(16).padStart(8, 'f')}-0000-4000-8000-000000000000` as OperationId;

const compileCase = (each: Case) => {
  const names = namesOf(each);
  const ids = new Map(names.map((name, i) => [name, idOf(i)] as const));
  const operations = new Map(
    names.map((name, i): [OperationId, Operation] => [
      idOf(i),
      {
        operationId: idOf(i),
        shortId: shortIdOf(idOf(i)),
        method: 'GET',
        host: 'api.example.com',
        endpoint: `/${name}`,
        lastUpdatedMs: 0,
      },
    ]),
  );
  const rules = each.rules.map(
    (rule, i): SequenceRule => ({
      ruleId: rule.title as RuleId,
      title: rule.title,
      kind: rule.kind,
      action: rule.action,
      start: ids.get(rule.sequence[0]) as OperationId,
      end: ids.get(rule.sequence[1]) as OperationId,
      position: i + 1,
      createdAtMs: 0,
      lastUpdatedMs: 0,
    }),
  );
  const compiled = compileMitigation(rules, operations);
  assert.ok(compiled.kind === 'compiled');
  const shortIds = new Map(names.map((name, i) => [name, shortIdOf(idOf(i))] as const));
  return { table: compiled.table, shortIds };
};

const runCase = (each: Case): void => {
  const { table, shortIds } = compileCase(each);
  const state = createLookback();
  for (const [i, request] of each.requests.entries()) {
    const operation = request.operation === null ? undefined : shortIds.get(request.operation);
    if (operation === undefined) continue;
    const timeMs = Math.round(Number.parseFloat(request.at) * 1000);
    for (let n = 0; n < (request.times ?? 1); n++) {
      const lookback = runsAt(state, timeMs);
      const verdict = decideMitigation(table, operation, lookback);
      const where = `request ${i + 1} (${request.operation} at ${request.at})`;
      assert.equal(verdict.kind === 'block' ? 'deny' : 'allow', request.decision, where);
      assert.equal(verdict.rule?.title, request.rule, where);
      assert.deepEqual(
        verdict.logged.map((rule) => rule.title),
        request.logged ?? [],
        where,
      );
      if (request.lookback !== undefined)
        assert.deepEqual(
          [...lookback],
          request.lookback.map((name) => shortIds.get(name)),
          where,
        );
      if (request.decision === 'allow') push(state, operation, timeMs);
    }
  }
};

const folder = new URL('../mitigation/', import.meta.url);
for (const file of readdirSync(folder).sort()) {
  const cases = parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Case[];
  for (const each of cases) test(`mitigation/${file}: ${each.note}`, () => runCase(each));
}
