/** The decision on random histories of many sessions, against a model that keeps everything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionId } from '@precede/contracts';
import { createLogger, fixedClock } from '@precede/service';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { decide } from './decide.ts';
import { decisionIdAt } from './decision-id.ts';
import { host, masterKey, operationOf, ruleOf, snapshotOf, zone } from './fixtures.test-kit.ts';
import { createEnforcerMetrics } from './metrics.ts';
import { MemorySessionStore } from './session-store.ts';
import { ZoneTables } from './zone-tables.ts';

const names = ['aa', 'bb', 'cc', 'dd'];
const operations = names.map((name) => operationOf(name));
const clock = fixedClock(0);
const metrics = createEnforcerMetrics(new Registry(), clock);

const tableOf = (rules: Parameters<typeof snapshotOf>[1]) => {
  const tables = new ZoneTables({ masterKey, logger: createLogger('test', 'silent'), metrics, clock });
  assert.ok(tables.install(snapshotOf(operations, rules)));
  const table = tables.get(zone);
  assert.ok(table !== undefined);
  return table;
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
      const table = tableOf([ruleOf(1, 'aa', 'bb'), ruleOf(2, 'bb', 'cc')]);
      const store = new MemorySessionStore({ maxSessions: 100, metrics, clock });
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

        const question = { method: 'GET', host, path: `/${name}`, timeMs, isSampled: true };
        const outcome = decide(
          table,
          store,
          { ...question, sessionId: session as SessionId | null },
          isLogOnly,
        );

        assert.equal(outcome.kind, isDenied ? (isLogOnly ? 'log' : 'block') : 'allow');
        if (name === 'unknown') continue;
        assert.deepEqual(
          outcome.lookback,
          runs.map((each) => operationOf(each).shortId),
        );
        assert.equal(outcome.lookbackMs.length, outcome.lookback.length);
        if (session !== null && outcome.kind !== 'block') admitted.push({ session, name, timeMs });
      }
    }),
    { numRuns: 200 },
  );
});

test('the evidence of a decision does not change with what the session does next', () => {
  const table = tableOf([ruleOf(1, 'aa', 'bb', { action: 'log' })]);
  const store = new MemorySessionStore({ maxSessions: 100, metrics, clock });
  const ask = (name: string, timeMs: number) => {
    const question = { method: 'GET', host, path: `/${name}`, timeMs, isSampled: false };
    return decide(table, store, { ...question, sessionId: 's' as SessionId }, false);
  };
  ask('cc', 1);
  const logged = ask('bb', 2);
  ask('dd', 3);

  assert.deepEqual([logged.lookback, logged.lookbackMs], [[operationOf('cc').shortId], [1]]);
});

test('decision ids are UUIDs of version 7 that carry their time', () => {
  const id = decisionIdAt(1_700_000_000_123);

  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), 1_700_000_000_123);
  assert.notEqual(decisionIdAt(1), decisionIdAt(1));
});
