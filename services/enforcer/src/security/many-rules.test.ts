/** Ten thousand rules: what is not about the operation of a request is not asked for it, and nothing grows by the square. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type ExpressionRule,
  mitigationSource,
  Phase,
  type RuleAction,
  type SequenceRule,
  type ZoneSnapshot,
} from '@precede/contracts';
import { createLogger } from '@precede/service';
import { Registry } from 'prom-client';
import { block, expressionRule, plainRequest, startDecider } from '../decider.test-kit.ts';
import { masterKey, noTokens, operationOf, ruleOf, snapshotOf, temporaryDir } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import { Question } from '../question.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { type CompiledZone, compileZone, type ZoneTable } from '../zone-table.ts';

const count = 10_000;
/** Names of four letters, as the kit makes ids of them. */
const nameOf = (at: number): string => at.toString(36).padStart(4, 'z');
const operationsOf = (many: number) => Array.from({ length: many }, (_, at) => operationOf(nameOf(at)));
const operations = operationsOf(1_000);

const actions: Readonly<Record<Phase, RuleAction>> = {
  [Phase.redirect]: {
    kind: 'redirect',
    status: 302,
    target: { kind: 'value', value: '/x' },
    keepsQuery: false,
  },
  [Phase.custom]: block,
  [Phase.ratelimit]: block,
  [Phase.lateTransform]: { kind: 'rewrite', headers: [{ name: 'x', operation: 'remove', value: null }] },
};
const phases = Object.values(Phase);

/** Each is about one operation, ten to an operation, and matches nobody. */
const expressionRules = (many: number, phase: Phase): readonly ExpressionRule[] =>
  Array.from({ length: many }, (_, at) =>
    expressionRule(phase, actions[phase], {
      expression: `cf.sequence.current_op eq "${Buffer.from(nameOf(at % 1_000)).toString('hex')}" and http.user_agent contains "bad ${at};"`,
      ratelimit:
        phase === Phase.ratelimit
          ? {
              characteristics: ['ip.src'],
              periodMs: 1_000,
              requestsPerPeriod: 1,
              mitigationTimeoutMs: 0,
              countingExpression: '',
            }
          : null,
    }),
  );

const sequenceRules = (many: number): readonly SequenceRule[] =>
  Array.from({ length: many }, (_, at) =>
    ruleOf(at + 1, nameOf((at * 7) % 1_000), nameOf(at % 1_000), { title: `${at}` }),
  );

const compile = (snapshot: ZoneSnapshot): CompiledZone =>
  compileZone(snapshot, { masterKey, isLogOnly: false, tokens: noTokens });
const tableOf = (snapshot: ZoneSnapshot): ZoneTable => {
  const compiled = compile(snapshot);
  assert.ok(compiled.kind === 'compiled', compiled.kind === 'refused' ? compiled.faults[0] : '');
  return compiled.table;
};

const timed = (work: () => void): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const startMs = performance.now();
    work();
    least = Math.min(least, performance.now() - startMs);
  }
  return least;
};

/** How many rules a request of the first operation is held against. */
const askedIn = (table: ZoneTable, phase: Phase): number => {
  const request = { ...plainRequest, path: `/${nameOf(0)}` };
  const question = new Question({ table, request, timeMs: 0, decisionId: '', isSampled: false });
  question.history = question.lookback;
  return table.phases.sets[phase].rulesFor(question.probe).length;
};

/** The garbage collector, whatever this process was started with. */
const collector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
};

describe('ten thousand rules', () => {
  for (const phase of phases)
    test(`of ${phase} are compiled in time by their number, and ten are asked for a request`, (context) => {
      const [few, many] = [expressionRules(count / 10, phase), expressionRules(count, phase)];
      const snapshot = (rules: readonly ExpressionRule[]) =>
        snapshotOf(operations, [], { expressionRules: rules });

      const [smallMs, largeMs] = [timed(() => tableOf(snapshot(few))), timed(() => tableOf(snapshot(many)))];
      const table = tableOf(snapshot(many));

      context.diagnostic(
        `${few.length} rules ${smallMs.toFixed(0)} ms, ${count} rules ${largeMs.toFixed(0)} ms`,
      );
      assert.equal(table.ruleCount, count);
      assert.equal(askedIn(table, phase), 10);
      // Ten times the rules; a hundred times would be the square.
      assert.ok(largeMs < Math.max(smallMs * 40, 200), `${smallMs} ms, ${largeMs} ms`);
    });

  test('of the sequence are found by the operation that they end in', (context) => {
    const [few, many] = [sequenceRules(count / 10), sequenceRules(count)];

    const [smallMs, largeMs] = [few, many].map((rules) =>
      timed(() => tableOf(snapshotOf(operations, rules))),
    ) as [number, number];
    const { rules } = tableOf(snapshotOf(operations, many));

    context.diagnostic(
      `${few.length} rules ${smallMs.toFixed(0)} ms, ${count} rules ${largeMs.toFixed(0)} ms`,
    );
    assert.equal(rules.get(operationOf(nameOf(0)).shortId)?.length, 10);
    assert.ok(largeMs < Math.max(smallMs * 40, 200), `${smallMs} ms, ${largeMs} ms`);
  });

  test('in every phase at once decide as ten do, and are told apart to the last', async () => {
    const all = phases.flatMap((phase) => expressionRules(count, phase));
    const { ask } = startDecider({
      expressionRules: all,
      rules: sequenceRules(count),
      snapshot: { operations: new Map(operations.map((each) => [each.operationId, each])) },
    });
    const session = { type: 'explicit', name: '', value: 'one' } as const;
    const last = all.findLast((each) => each.phase === Phase.redirect);
    const asked = { path: `/${nameOf(999)}`, session };

    const hit = await ask({ ...asked, headers: new Map([['user-agent', `bad ${count - 1};`]]) });
    const other = await ask({ ...asked, path: '/unknown' });
    const unprepared = await ask({ ...asked, path: `/${nameOf(1)}` });

    assert.deepEqual([hit.ruleSource, hit.ruleId], [Phase.redirect, last?.ruleId]);
    assert.deepEqual([other.decision, other.operation], ['allow', null]);
    assert.deepEqual([unprepared.decision, unprepared.ruleSource], ['deny', mitigationSource]);
  });

  test('that are about any operation are each asked once', () => {
    const rules = Array.from({ length: count }, (_, at) =>
      expressionRule(Phase.custom, block, { expression: `http.user_agent contains "bad ${at};"` }),
    );
    const table = tableOf(snapshotOf(operations, [], { expressionRules: rules }));

    assert.equal(askedIn(table, Phase.custom), count);
    assert.equal(table.phases.readers.length, 1, 'and all of them read one field');
  });

  test('take some kilobytes each', (context) => {
    const collect = collector();
    const snapshot = snapshotOf(operations, sequenceRules(count), {
      expressionRules: expressionRules(count, Phase.custom),
    });
    collect();
    const before = process.memoryUsage().heapUsed;

    const table = tableOf(snapshot);

    collect();
    const bytes = process.memoryUsage().heapUsed - before;
    context.diagnostic(`${(bytes / 2 ** 20).toFixed(1)} MiB for ${table.ruleCount} rules`);
    assert.ok(bytes < table.ruleCount * 8_192);
  });

  test('come back from the disk as they were', async (context) => {
    const dir = temporaryDir();
    const deps = {
      dir: dir.path,
      logger: createLogger('test', 'silent'),
      metrics: createEnforcerMetrics(new Registry(), { now: () => 0 }),
    };
    const snapshot = snapshotOf(operations, sequenceRules(count), {
      expressionRules: expressionRules(count, Phase.custom),
    });
    const startMs = performance.now();

    const files = new SnapshotFiles(deps);
    await files.load();
    files.save(snapshot);
    await files.flush();
    const writtenMs = performance.now();
    const [loaded] = await new SnapshotFiles(deps).load();

    context.diagnostic(
      `written in ${(writtenMs - startMs).toFixed(0)} ms, read in ${(performance.now() - writtenMs).toFixed(0)} ms`,
    );
    await rm(dir.path, { recursive: true });
    assert.deepEqual(loaded, snapshot);
  });
});
