/** The decision on random histories of many sessions, against a model that keeps everything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SequenceRule, SessionId } from '@precede/contracts';
import { createLogger, fixedClock } from '@precede/service';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { decide } from './decide.ts';
import { plainRequest } from './decider.test-kit.ts';
import { decisionIdAt } from './decision-id.ts';
import { configOf, masterKey, noTokens, operationOf, ruleOf, snapshotOf, zone } from './fixtures.test-kit.ts';
import { createEnforcerMetrics } from './metrics.ts';
import type { Outcome } from './outcome.ts';
import { Question } from './question.ts';
import { openStores } from './stores/open.ts';
import { ZoneTables } from './zone-tables.ts';

const names = ['aa', 'bb', 'cc', 'dd'];
const operations = names.map((name) => operationOf(name));
const clock = fixedClock(0);
const logger = createLogger('test', 'silent');
const metrics = createEnforcerMetrics(new Registry(), clock);

interface Asked {
  readonly name: string;
  readonly session: string | null;
  readonly timeMs: number;
  readonly isSampled?: boolean;
}

/** One enforcer in memory. */
const deciderOf = (rules: readonly SequenceRule[], isLogOnly = false) => {
  const tables = new ZoneTables({ masterKey, isLogOnly, tokens: noTokens, logger, metrics, clock });
  assert.ok(tables.install(snapshotOf(operations, rules)));
  const table = tables.get(zone);
  assert.ok(table !== undefined);
  const stores = openStores(configOf(), { logger, metrics, clock });
  return ({ name, session, timeMs, isSampled = true }: Asked): Outcome => {
    const request = { ...plainRequest, path: `/${name}` };
    const sessionId = session === null ? null : (session.padStart(32, '0') as SessionId);
    const decisionId = decisionIdAt(timeMs);
    const question = new Question({ table, request, timeMs, isSampled, decisionId });
    question.client = { zoneId: zone, sessionId, cookie: null, setCookie: null };
    const outcome = decide(stores, question);
    assert.ok(!(outcome instanceof Promise), 'in memory nothing waits');
    return outcome;
  };
};

const requests = fc.array(
  fc.record({
    name: fc.constantFrom(...names, 'unknown'),
    session: fc.constantFrom('1', '2', '3', null),
    afterMs: fc.constantFrom(0, 1000, 600_001),
  }),
  { maxLength: 80, size: 'max' },
);

test('an allow rule passes exactly the requests whose session had its start admitted within the lookback', () => {
  fc.assert(
    fc.property(requests, fc.boolean(), (history, isLogOnly) => {
      const ask = deciderOf([ruleOf(1, 'aa', 'bb'), ruleOf(2, 'bb', 'cc')], isLogOnly);
      const needs: Readonly<Record<string, string>> = { bb: 'aa', cc: 'bb' };
      const admitted: { session: string; name: string; timeMs: number }[] = [];
      let timeMs = 1_700_000_000_000;
      for (const { name, session, afterMs } of history) {
        timeMs += afterMs;
        const mine = admitted.filter((each) => each.session === session);
        const isFresh = timeMs - (mine.at(-1)?.timeMs ?? 0) <= 600_000;
        const gap = mine.findLastIndex(
          (each, i) => i > 0 && each.timeMs - (mine[i - 1]?.timeMs ?? 0) > 600_000,
        );
        const window = isFresh ? mine.slice(Math.max(gap, 0)).map((each) => each.name) : [];
        const runs = window.filter((each, i) => each !== window[i - 1]).slice(-9);
        const start = needs[name];
        const isDenied = start !== undefined && !runs.includes(start);

        const outcome = ask({ name, session, timeMs });

        assert.equal(outcome.kind, isDenied ? (isLogOnly ? 'log' : 'block') : 'allow');
        if (name === 'unknown') continue;
        assert.deepEqual(
          outcome.evidence.lookback,
          runs.map((each) => operationOf(each).shortId),
        );
        assert.equal(outcome.evidence.lookbackMs.length, outcome.evidence.lookback.length);
        if (session !== null && outcome.kind !== 'block') admitted.push({ session, name, timeMs });
      }
    }),
    { numRuns: 200 },
  );
});

test('the evidence of a decision does not change with what the session does next', () => {
  const ask = deciderOf([ruleOf(1, 'aa', 'bb', { action: 'log' })]);
  const asked = (name: string, timeMs: number): Outcome =>
    ask({ name, session: '5', timeMs, isSampled: false });
  asked('cc', 1);
  const { evidence } = asked('bb', 2);
  asked('dd', 3);

  assert.deepEqual([evidence.lookback, evidence.lookbackMs], [[operationOf('cc').shortId], [1]]);
});

test('decision ids are UUIDs of version 7 that carry their time', () => {
  const id = decisionIdAt(1_700_000_000_123);

  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), 1_700_000_000_123);
  assert.notEqual(decisionIdAt(1), decisionIdAt(1));
});
