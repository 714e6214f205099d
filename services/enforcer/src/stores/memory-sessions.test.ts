import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ShortId } from '@precede/contracts';
import { createLookback, type Lookback, push, rawCountAt, runsAt } from '@precede/rules';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { metricIn } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import { MemorySessions } from './memory-sessions.ts';
import { a, b, c, clientOf, describeSessionStore, minute, startMs } from './session-store.test-kit.ts';

const hour = 60 * minute;

const openStore = (maxSessions: number) => {
  const registry = new Registry();
  const time = { nowMs: startMs };
  const clock = { now: () => time.nowMs };
  const store = new MemorySessions({
    ...{ maxSessions, probationShare: 0.25, clock },
    metrics: createEnforcerMetrics(registry, clock),
  });
  return {
    store,
    time,
    admit: (zone: number, session: number, operation: ShortId = a) =>
      store.admit(clientOf(zone, session), operation, time.nowMs),
    knows: (zone: number, session: number): boolean =>
      store.read(clientOf(zone, session), time.nowMs).raw.length > 0,
    evicted: (labels: Readonly<Record<string, string>>) =>
      metricIn(registry, 'session_evictions_total', labels),
    gauge: () => metricIn(registry, 'sessions'),
  };
};
type Opened = ReturnType<typeof openStore>;

/** Two requests each: established. */
const establish = (opened: Opened, zone: number, from: number, count: number): void => {
  for (let round = 0; round < 2; round += 1)
    for (let i = from; i < from + count; i += 1) opened.admit(zone, i);
};
const known = (opened: Opened, zone: number, from: number, count: number): number =>
  Array.from({ length: count }, (_, i) => opened.knows(zone, from + i)).filter(Boolean).length;

describeSessionStore(
  'memory',
  async () => ({
    store: openStore(1000).store,
    client: clientOf,
    answered: () => {},
    close: async () => {},
  }),
  { keepsParallel: true },
);

describe('the session store in memory', () => {
  test('is the plain lookback to the last field, whatever the times, while it has room', () => {
    const step = fc.record({
      session: fc.nat(30),
      zone: fc.nat(2),
      operation: fc.constantFrom(a, b, c),
      timeMs: fc.integer({ min: startMs - 20 * 24 * hour, max: startMs + 20 * 24 * hour }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { store } = openStore(93);
        const models = new Map<string, Lookback>();
        for (const { session, zone, operation, timeMs } of steps) {
          const client = clientOf(zone, session);
          const model = models.get(`${zone} ${session}`) ?? createLookback();
          models.set(`${zone} ${session}`, model);

          assert.deepEqual(store.read(client, timeMs), model);
          store.admit(client, operation, timeMs);
          push(model, operation, timeMs);

          const state = store.read(client, timeMs);
          assert.deepEqual(state, model);
          assert.deepEqual(runsAt(state, timeMs), runsAt(model, timeMs));
          assert.equal(rawCountAt(state, timeMs), rawCountAt(model, timeMs));
        }
        assert.equal(store.size, models.size);
      }),
    );
  });

  test('finds every session and no other after any admissions, evictions and expiries', () => {
    const step = fc.record({
      session: fc.nat(60),
      zone: fc.nat(4),
      stepMs: fc.oneof(fc.constant(0), fc.nat(10 * minute), fc.nat(2 * hour)),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 400 }),
        fc.integer({ min: 1, max: 40 }),
        (steps, maxSessions) => {
          const opened = openStore(maxSessions);
          for (const { session, zone, stepMs } of steps) {
            opened.time.nowMs += stepMs;
            // The operation says whose it is: what is found must be the session's own.
            opened.admit(zone, session, (zone * 100 + session) as ShortId);

            assert.ok(opened.store.size <= maxSessions);
            assert.ok(opened.knows(zone, session));
          }
          let found = 0;
          for (let zone = 0; zone <= 4; zone += 1)
            for (let session = 0; session <= 60; session += 1) {
              const { raw } = opened.store.read(clientOf(zone, session), opened.time.nowMs);
              if (raw.length > 0) found += 1;
              assert.ok(raw.every((each) => each === zone * 100 + session));
            }
          assert.equal(found, opened.store.size);
        },
      ),
    );
  });

  test('leaves at least 75 % of the established sessions in a flood of ten times its size', async () => {
    const opened = openStore(1000);
    establish(opened, 0, 0, 1000);

    for (let i = 0; i < 10_000; i += 1) opened.admit(0, 10_000 + i);

    assert.equal(known(opened, 0, 0, 1000), 750);
    assert.equal(opened.store.size, 1000);
    assert.equal(await opened.evicted({ segment: 'established', reason: 'live' }), 250);
    assert.equal(await opened.evicted({ segment: 'probation', reason: 'live' }), 9750);
  });

  test('gives room to new sessions where all are established, the longest unused going first', () => {
    const opened = openStore(100);
    establish(opened, 0, 0, 100);
    opened.admit(0, 0);

    opened.admit(0, 500);

    assert.ok(opened.knows(0, 500));
    assert.ok(opened.knows(0, 0));
    assert.ok(!opened.knows(0, 1));
  });

  test('keeps the share of a zone while another one is flooded', () => {
    const opened = openStore(900);
    establish(opened, 1, 0, 300);
    establish(opened, 2, 0, 200);

    // Also by sessions that establish themselves.
    establish(opened, 3, 10_000, 5000);
    for (let i = 0; i < 9000; i += 1) opened.admit(3, 50_000 + i);

    assert.equal(known(opened, 1, 0, 300), 300);
    assert.equal(known(opened, 2, 0, 200), 200);
  });

  test('lets a zone that comes later have its share, at the cost of the largest', () => {
    const opened = openStore(900);
    establish(opened, 1, 0, 700);
    establish(opened, 2, 0, 200);

    for (let i = 0; i < 900; i += 1) opened.admit(3, 10_000 + i);

    assert.equal(known(opened, 3, 10_000, 900), 300);
    assert.equal(known(opened, 2, 0, 200), 200);
    assert.equal(known(opened, 1, 0, 700), 400);
  });

  test('forgets what nobody used for an hour, a few with each admission, in zones without traffic too', async () => {
    const opened = openStore(1000);
    for (let i = 0; i < 300; i += 1) opened.admit(1, i);
    for (let i = 0; i < 300; i += 1) opened.admit(2, i);
    opened.time.nowMs += hour + 2000;

    opened.admit(2, 1000);
    const afterOne = opened.store.size;
    for (let i = 0; i < 400; i += 1) opened.admit(2, 1000);

    assert.ok(afterOne >= 601 - 4, `${afterOne} left after one`);
    assert.equal(opened.store.size, 1);
    assert.equal(await opened.gauge(), 1);
    assert.equal(await opened.evicted({}), 0);
  });

  test('counts whether what it forgot for room was still of use', async () => {
    const opened = openStore(1);
    opened.admit(0, 1);
    opened.time.nowMs += 11 * minute;
    opened.admit(0, 2);
    opened.admit(0, 3);

    assert.equal(await opened.evicted({ reason: 'idle' }), 1);
    assert.equal(await opened.evicted({ reason: 'live' }), 1);
  });

  test('has nothing to say of a request without a session', () => {
    const { store } = openStore(10);
    const client = { ...clientOf(0, 1), sessionId: null };

    store.admit(client, a, startMs);

    assert.deepEqual(store.read(client, startMs), createLookback());
    assert.equal(store.size, 0);
  });
});
