/**
 * The contract suite of SessionStore: what every adapter does alike, compared with the plain lookback of libs/rules.
 * A harness gives a client as its gateway would: for the cookie store with the cookie that it was answered last.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SessionId, ShortId, ZoneId } from '@precede/contracts';
import { createLookback, type Lookback, push, rawCountAt, runsAt } from '@precede/rules';
import fc from 'fast-check';
import type { Client, SessionStore } from '../ports.ts';

export const minute = 60_000;
export const startMs = 1_790_000_000_000;
export const [a, b, c] = [0xa, 0xffff_ffff, 0xc] as [ShortId, ShortId, ShortId];

export const zoneOf = (n: number): ZoneId => n.toString(16).padStart(32, 'a') as ZoneId;
export const sessionOf = (n: number): SessionId =>
  // Spread as keyed hashes are.
  (Math.imul(n, 0x9e37_79b1) >>> 0)
    .toString(16)
    .padStart(8, '0')
    .concat(n.toString(16).padStart(24, '0')) as SessionId;

export const clientOf = (zone: number, session: number): Client => ({
  zoneId: zoneOf(zone),
  sessionId: sessionOf(session),
  cookie: null,
  setCookie: null,
});

export interface SessionStoreHarness {
  readonly store: SessionStore;
  /** A request of that client. */
  client(zone: number, session: number): Client;
  /** After the answer to it. */
  answered(client: Client): void;
  close(): Promise<void>;
}

export interface SessionStoreTraits {
  /** Why the adapter cannot be tested here. */
  readonly skip?: string | false;
  /** Requests at one time do not lose each other. */
  readonly keepsParallel: boolean;
  readonly runs?: number;
}

export const describeSessionStore = (
  name: string,
  open: () => Promise<SessionStoreHarness>,
  { skip = false, keepsParallel, runs = 100 }: SessionStoreTraits,
): void => {
  describe(`session store: ${name}`, { skip }, () => {
    let harness: SessionStoreHarness;
    let nextSession = 1;
    before(async () => {
      harness = await open();
    });
    after(() => harness?.close());
    const admit = async (
      zone: number,
      session: number,
      operation: ShortId,
      timeMs: number,
    ): Promise<void> => {
      const client = harness.client(zone, session);
      await harness.store.admit(client, operation, timeMs);
      harness.answered(client);
    };
    const read = async (zone: number, session: number, timeMs: number): Promise<Lookback> =>
      structuredClone(await harness.store.read(harness.client(zone, session), timeMs));
    const fresh = (): number => {
      nextSession += 1;
      return nextSession;
    };

    test('knows nothing of a session that was never admitted', async () => {
      assert.deepEqual(await read(0, fresh(), startMs), createLookback());
    });

    test('still has A after a client has polled B ten times between A and C', async () => {
      const session = fresh();
      await admit(0, session, a, startMs);
      for (let i = 1; i <= 10; i += 1) await admit(0, session, b, startMs + i * 1000);

      const state = await read(0, session, startMs + 11_000);

      assert.deepEqual(runsAt(state, startMs + 11_000), [a, b]);
      assert.deepEqual(state.runsMs, [startMs, startMs + 10_000]);
      assert.deepEqual(state.raw, Array(10).fill(b));
    });

    test('empties the runs after more than ten minutes, and the raw operations one by one after an hour', async () => {
      const session = fresh();
      await admit(0, session, a, startMs);
      await admit(0, session, b, startMs + 30 * minute);

      const state = await read(0, session, startMs + 60 * minute + 1);

      assert.deepEqual(state.runs, [b]);
      assert.deepEqual(runsAt(state, startMs + 40 * minute), [b]);
      assert.deepEqual(runsAt(state, startMs + 40 * minute + 1), []);
      assert.deepEqual(state.raw, [a, b]);
      assert.equal(rawCountAt(state, startMs + 60 * minute), 2);
      assert.equal(rawCountAt(state, startMs + 60 * minute + 1), 1);
    });

    test('keeps the order of admission where times go back', async () => {
      const session = fresh();
      await admit(0, session, a, startMs + 500);
      await admit(0, session, b, startMs);

      const state = await read(0, session, startMs + 500);

      assert.deepEqual(state.raw, [a, b]);
      assert.deepEqual(state.rawMs, [startMs + 500, startMs + 500]);
    });

    test('shares nothing between sessions, nor between zones with a session of one name', async () => {
      const [session, other] = [fresh(), fresh()];
      await admit(0, session, a, startMs);
      await admit(1, session, b, startMs);

      assert.deepEqual((await read(0, session, startMs)).raw, [a]);
      assert.deepEqual((await read(1, session, startMs)).raw, [b]);
      assert.deepEqual((await read(0, other, startMs)).raw, []);
    });

    const parallel = async (): Promise<void> => {
      const session = fresh();
      const operations = Array.from({ length: 9 }, (_, i) => (i + 1) as ShortId);

      await Promise.all(operations.map((each) => admit(0, session, each, startMs)));

      assert.deepEqual((await read(0, session, startMs)).raw.sort(), operations);
    };
    if (keepsParallel) test('loses none of the requests that are admitted at one time', parallel);

    test('equals the plain lookback after any operations of any sessions', async () => {
      const step = fc.record({
        session: fc.nat(3),
        operation: fc.constantFrom(a, b, c),
        // Up to 40 s back, on within a run, over the gap, over the hour's part.
        stepMs: fc.oneof(
          fc.integer({ min: -40_000, max: 40_000 }),
          fc.integer({ min: 5 * minute, max: 15 * minute }),
        ),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const sessions = Array.from({ length: 4 }, fresh);
          const models = sessions.map(createLookback);
          let newestMs = startMs;
          for (const { session, operation, stepMs } of steps) {
            // Never a minute behind: a cookie from further ahead is not taken.
            const nowMs = newestMs + stepMs;
            newestMs = Math.max(newestMs, nowMs);
            await admit(session & 1, sessions[session] as number, operation, nowMs);
            push(models[session] as Lookback, operation, nowMs);
            for (const [i, model] of models.entries())
              assertSame(await read(i & 1, sessions[i] as number, nowMs), model, nowMs);
          }
        }),
        { numRuns: runs },
      );
    });
  });
};

/** As far as anybody can ask: a store may forget what no longer counts. */
const assertSame = (state: Lookback, model: Lookback, timeMs: number): void => {
  assert.deepEqual(runsAt(state, timeMs), runsAt(model, timeMs));
  const counted = rawCountAt(model, timeMs);
  assert.equal(rawCountAt(state, timeMs), counted);
  if (counted === 0) return;
  assert.deepEqual(state.raw.slice(-counted), model.raw.slice(-counted));
  assert.deepEqual(state.rawMs.slice(-counted), model.rawMs.slice(-counted));
};
