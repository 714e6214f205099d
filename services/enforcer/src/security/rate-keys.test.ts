/** Keys of rate limits: whatever a client writes into a characteristic, it is one client, and no other one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Phase, type RateLimit } from '@precede/contracts';
import fc from 'fast-check';
import { block, expressionRule, startDecider } from '../decider.test-kit.ts';
import type { RateCounter } from '../ports.ts';

const limitBy = (...characteristics: string[]): RateLimit => ({
  characteristics,
  periodMs: 10_000,
  requestsPerPeriod: 1,
  mitigationTimeoutMs: 0,
  countingExpression: '',
});

/** The keys that requests count under, instead of counting them. */
const keysOf = (...characteristics: string[]) => {
  const keys: string[] = [];
  const rates: RateCounter = {
    hit: (key) => {
      keys.push(key);
      return { isOver: false, retryAfterMs: 0 };
    },
    close: async () => {},
  };
  const rule = expressionRule(Phase.ratelimit, block, { ratelimit: limitBy(...characteristics) });
  const none = {
    read: () => {
      throw new Error('nobody has a session');
    },
    admit: () => undefined,
    close: async () => {},
  };
  const stores = { rates, sessions: none, cookies: none, keepsBySession: false };
  const { ask } = startDecider({ expressionRules: [rule], deps: { stores } });
  return async (values: Readonly<Record<string, string>>, more = {}): Promise<string> => {
    await ask({ headers: new Map(Object.entries(values)), ...more });
    return keys.at(-1) ?? '';
  };
};

const header = (name: string): string => `http.request.headers["${name}"][0]`;

test('two clients have one key exactly where all their values are the same', async () => {
  const keyOf = keysOf(header('a'), header('b'));
  const value = fc.option(
    fc.oneof(
      fc.constantFrom(
        '',
        '-',
        '-;',
        ';',
        '/',
        '1:a;',
        '0:;',
        '2:-;',
        ':',
        '\0',
        '\xff',
        'a',
        'a'.repeat(64),
        'a'.repeat(65),
      ),
      fc.string({ unit: fc.constantFrom(...'0123;:-/a'), maxLength: 70 }),
    ),
  );

  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 6 }), async (clients) => {
      const byKey = new Map<string, string>();
      for (const [a, b] of clients) {
        const key = await keyOf({ ...(a === null ? {} : { a }), ...(b === null ? {} : { b }) });
        const whole = JSON.stringify([a, b]);
        assert.equal(byKey.get(key) ?? whole, whole);
        byKey.set(key, whole);
      }
      assert.equal(byKey.size, new Set(clients.map((each) => JSON.stringify(each))).size);
    }),
  );
});

test('a key is short however long the values are, and still tells them apart by their last byte', async () => {
  const keyOf = keysOf(header('a'));
  const long = 'a'.repeat(65_536);

  const keys = [await keyOf({ a: long }), await keyOf({ a: `${long}b` }), await keyOf({ a: `${long}c` })];

  assert.equal(new Set(keys).size, 3);
  for (const key of keys) assert.ok(key.length <= 32 + 1 + 36 + 1 + 64, key);
});

test('an address is one client in every spelling', async () => {
  const keyOf = keysOf('ip.src');

  const v4 = [];
  for (const clientIp of ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:0201'])
    v4.push(await keyOf({}, { clientIp }));
  const v6 = [];
  for (const clientIp of ['2001:db8::1', '2001:DB8:0:0::1', '2001:db8:0:0:0:0:0:1'])
    v6.push(await keyOf({}, { clientIp }));

  assert.deepEqual([new Set(v4).size, new Set(v6).size, new Set([...v4, ...v6]).size], [1, 1, 2]);
});

test('clients without a value share one counter, so leaving it out gets round nothing', async () => {
  for (const characteristic of [header('x-key'), 'session', 'ip.src', 'http.request.cookies["k"][0]']) {
    const rule = expressionRule(Phase.ratelimit, block, { ratelimit: limitBy(characteristic) });
    const { ask } = startDecider({ expressionRules: [rule] });

    const decisions = [
      await ask(),
      await ask({ headers: new Map([['other', 'v']]) }),
      await ask({ path: '/ship' }),
    ];

    assert.deepEqual(
      decisions.map((each) => each.decision),
      ['allow', 'deny', 'deny'],
      characteristic,
    );
  }
});
