/** The contract suite of RateCounter, compared with a model that keeps every counted hit. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { RateCounter, RateVerdict, RateWindow } from '../ports.ts';
import { startMs } from './session-store.test-kit.ts';

export interface RateCounterHarness {
  /** All on the same counts; at least one. */
  readonly counters: readonly RateCounter[];
  close(): Promise<void>;
}

/** By the words of ports.ts: the hits of the running period, and until when the key is over. */
class Model {
  #counted: number[] = [];
  #overUntilMs: number | undefined;

  hit(window: RateWindow, timeMs: number, counts: boolean): RateVerdict {
    if (this.#overUntilMs !== undefined && timeMs < this.#overUntilMs) return this.#over(timeMs);
    if (!counts) return { isOver: false, retryAfterMs: 0 };
    const first = this.#counted[0];
    if (this.#overUntilMs !== undefined || (first !== undefined && timeMs - first >= window.periodMs))
      this.#counted = [];
    this.#overUntilMs = undefined;
    this.#counted.push(timeMs);
    if (this.#counted.length <= window.requestsPerPeriod) return { isOver: false, retryAfterMs: 0 };
    const begin = this.#counted[0] as number;
    this.#overUntilMs =
      window.mitigationTimeoutMs === 0 ? begin + window.periodMs : timeMs + window.mitigationTimeoutMs;
    return this.#over(timeMs);
  }

  #over(timeMs: number): RateVerdict {
    return { isOver: true, retryAfterMs: (this.#overUntilMs as number) - timeMs };
  }
}

const under = { isOver: false, retryAfterMs: 0 };
const window = { periodMs: 60_000, requestsPerPeriod: 2, mitigationTimeoutMs: 0 };

export const describeRateCounter = (
  name: string,
  open: () => Promise<RateCounterHarness>,
  { skip = false, runs = 100 }: { readonly skip?: string | false; readonly runs?: number } = {},
): void => {
  describe(`rate counter: ${name}`, { skip }, () => {
    let harness: RateCounterHarness;
    let counter: RateCounter;
    let nextKey = 0;
    before(async () => {
      harness = await open();
      counter = harness.counters[0] as RateCounter;
    });
    after(() => harness?.close());
    const fresh = (): string => {
      nextKey += 1;
      return `zone:rule:${nextKey} {ключ}`;
    };

    test('is over from the request after the limit to the end of the period, then begins anew', async () => {
      const key = fresh();
      const at = (timeMs: number) => counter.hit(key, window, startMs + timeMs, true);

      assert.deepEqual(await at(0), under);
      assert.deepEqual(await at(10_000), under);
      assert.deepEqual(await at(20_000), { isOver: true, retryAfterMs: 40_000 });
      assert.deepEqual(await at(59_999), { isOver: true, retryAfterMs: 1 });
      assert.deepEqual(await at(60_000), under);
      assert.deepEqual(await at(119_999), under);
      assert.equal((await at(119_999)).isOver, true);
    });

    test('is over for the mitigation timeout, which nothing extends', async () => {
      const key = fresh();
      const long = { ...window, mitigationTimeoutMs: 300_000 };
      const at = (timeMs: number) => counter.hit(key, long, startMs + timeMs, true);
      for (let i = 0; i < 3; i += 1) await at(0);

      assert.deepEqual(await at(70_000), { isOver: true, retryAfterMs: 230_000 });
      assert.deepEqual(await at(299_999), { isOver: true, retryAfterMs: 1 });
      assert.deepEqual(await at(300_000), under);
    });

    test('counts nothing where it is only asked', async () => {
      const key = fresh();
      for (let i = 0; i < 5; i += 1) assert.deepEqual(await counter.hit(key, window, startMs, false), under);
      for (let i = 0; i < 3; i += 1) await counter.hit(key, window, startMs, true);

      assert.deepEqual(await counter.hit(key, window, startMs + 1, false), {
        isOver: true,
        retryAfterMs: 59_999,
      });
    });

    test('counts each key by itself', async () => {
      const [one, other] = [fresh(), fresh()];
      for (let i = 0; i < 3; i += 1) await counter.hit(one, window, startMs, true);

      assert.equal((await counter.hit(one, window, startMs, true)).isOver, true);
      assert.equal((await counter.hit(other, window, startMs, true)).isOver, false);
    });

    test('lets exactly the limit pass of 1,000 hits at one time', async () => {
      const key = fresh();
      const hundred = { ...window, requestsPerPeriod: 100 };
      const { counters } = harness;

      const verdicts = await Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          counters[i % counters.length]?.hit(key, hundred, startMs, true),
        ),
      );

      assert.equal(verdicts.filter((each) => each?.isOver === false).length, 100);
    });

    test('equals the model for any hits, windows and times', async () => {
      const step = fc.record({
        stepMs: fc.oneof(fc.integer({ min: -20_000, max: 40_000 }), fc.nat(400_000)),
        counts: fc.boolean(),
        key: fc.nat(1),
      });
      const anyWindow = fc.record({
        periodMs: fc.integer({ min: 1000, max: 120_000 }),
        requestsPerPeriod: fc.nat(5),
        mitigationTimeoutMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300_000 })),
      });
      await fc.assert(
        fc.asyncProperty(anyWindow, fc.array(step, { maxLength: 60 }), async (given, steps) => {
          const keys = [fresh(), fresh()];
          const models = [new Model(), new Model()];
          let timeMs = startMs;
          for (const { stepMs, counts, key } of steps) {
            timeMs += stepMs;
            const verdict = await counter.hit(keys[key] as string, given, timeMs, counts);

            assert.deepEqual(verdict, models[key]?.hit(given, timeMs, counts));
          }
        }),
        { numRuns: runs },
      );
    });
  });
};
