import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLookback, type Lookback, push, rawCountAt, runsAt } from '@precede/rules';
import { cookieIn, loadConfig } from '@precede/service';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { metricIn } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import type { Client } from '../ports.ts';
import { type CookieKey, cookieKeys, derivedCookieKey } from './cookie-keys.ts';
import { CookieSessions, sequenceCookieName } from './cookie-sessions.ts';
import { maxCookieLength, openCookie, sealCookie } from './sequence-cookie.ts';
import { a, b, clientOf, describeSessionStore, minute, startMs } from './session-store.test-kit.ts';

const hour = 60 * minute;
const keysOf = (text: string): readonly CookieKey[] =>
  loadConfig({ KEYS: cookieKeys('keys') }, { KEYS: text }).KEYS;
const [oldKey, newKey] = ['11', '22'].map((byte) => `${byte === '11' ? 'old' : 'new'}:${byte.repeat(32)}`);
const keys = keysOf(`${newKey},${oldKey}`);
const first = keys[0] as CookieKey;

const openStore = (given = keys) => {
  const registry = new Registry();
  const metrics = createEnforcerMetrics(registry, { now: () => startMs });
  return {
    store: new CookieSessions({ keys: given, metrics }),
    count: (outcome: string) => metricIn(registry, 'sequence_cookies_total', { outcome }),
  };
};

/** What a browser keeps of the answer. */
const kept = (client: Client): string => cookieIn(client.setCookie ?? '', sequenceCookieName);

const stateAfter = (...pushes: readonly (readonly [typeof a, number])[]): Lookback => {
  const state = createLookback();
  for (const [operation, timeMs] of pushes) push(state, operation, timeMs);
  return state;
};
const state = stateAfter([a, startMs - minute], [b, startMs]);
const owner = clientOf(0, 1);
const value = sealCookie(first, owner, state);
const outcomeOf = (text: string | null, whose = owner, timeMs = startMs): string =>
  openCookie(keys, whose, text, timeMs).outcome;

describeSessionStore(
  'cookie',
  async () => {
    const jar = new Map<string, string>();
    const nameOf = ({ zoneId, sessionId }: Client): string => `${zoneId} ${sessionId}`;
    return {
      store: openStore().store,
      client: (zone, session) => {
        const client = clientOf(zone, session);
        return { ...client, cookie: jar.get(nameOf(client)) ?? null };
      },
      answered: (client) => void jar.set(nameOf(client), kept(client)),
      close: async () => {},
    };
  },
  { keepsParallel: false },
);

describe('the sequence cookie', () => {
  test('is set for the host alone, over TLS, out of reach of scripts, for an hour from each admission', () => {
    const { store } = openStore();
    const client = clientOf(0, 1);

    store.admit(client, a, startMs);

    const [pair, ...attributes] = (client.setCookie ?? '').split('; ');
    assert.match(pair ?? '', /^__Host-precede_seq=1\.new\.[\w-]+$/);
    assert.deepEqual(attributes.sort(), ['HttpOnly', 'Max-Age=3600', 'Path=/', 'SameSite=Lax', 'Secure']);
  });

  test('opens for its zone and session alone', () => {
    assert.equal(outcomeOf(value), 'ok');
    assert.equal(outcomeOf(value, clientOf(1, 1)), 'foreign');
    assert.equal(outcomeOf(value, clientOf(0, 2)), 'foreign');
    assert.equal(outcomeOf(value, { ...owner, sessionId: null }), 'foreign');
    const withoutSession = sealCookie(first, { ...owner, sessionId: null }, state);
    assert.equal(outcomeOf(withoutSession, { ...owner, sessionId: null }), 'ok');
    assert.equal(outcomeOf(withoutSession), 'foreign');
  });

  test('is not opened for another owner whose bytes fold to the same', () => {
    // One digit changed alike in the first word and in the second.
    const digits = [...(owner.sessionId ?? '')];
    for (const at of [0, 8]) digits[at] = (Number.parseInt(digits[at] ?? '', 16) ^ 1).toString(16);

    assert.equal(
      outcomeOf(value, { ...owner, sessionId: digits.join('') as typeof owner.sessionId }),
      'forged',
    );
  });

  test('lives for an hour, and not from the future beyond a minute', () => {
    assert.equal(outcomeOf(value, owner, startMs + hour), 'ok');
    assert.equal(outcomeOf(value, owner, startMs + hour + 1), 'expired');
    assert.equal(outcomeOf(value, owner, startMs - minute), 'ok');
    assert.equal(outcomeOf(value, owner, startMs - minute - 1), 'forged');
  });

  test('counts each of its operations for an hour, also when it is sent again', () => {
    const opened = openCookie(keys, owner, value, startMs + hour - minute / 2);

    assert.ok(opened.outcome === 'ok');
    assert.equal(rawCountAt(opened.state, startMs + hour - minute / 2), 1);
    assert.deepEqual(runsAt(opened.state, startMs + hour - minute / 2), []);
  });

  test('opens with every key of the list, is sealed with the first, and is foreign to those without its key', () => {
    const sealedBefore = sealCookie(keysOf(`${oldKey}`)[0] as CookieKey, owner, state);

    assert.equal(outcomeOf(sealedBefore), 'ok');
    assert.equal(openCookie(keysOf(`${newKey}`), owner, sealedBefore, startMs).outcome, 'foreign');
    const sameId = keysOf(`old:${'33'.repeat(32)}`);
    assert.equal(openCookie(sameId, owner, sealedBefore, startMs).outcome, 'forged');
  });

  test('is nothing, malformed or oversized by its form, and never decoded beyond its bound', () => {
    assert.equal(outcomeOf(null), 'none');
    assert.equal(outcomeOf(''), 'none');
    for (const text of [
      'x',
      '1.new',
      '1.new.',
      '1.new.AAAA',
      '2.new.AAAA',
      `1.${'k'.repeat(17)}.AAAA`,
      '1.new.A*B',
    ])
      assert.equal(outcomeOf(text), 'malformed', text);
    assert.equal(outcomeOf('1.new.'.padEnd(maxCookieLength + 1, 'A')), 'oversized');
    assert.equal(outcomeOf('A'.repeat(1_000_000)), 'oversized');
    assert.ok(maxCookieLength + sequenceCookieName.length < 400);
  });

  test('does not open once any of its characters is changed, cut off or added', () => {
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.constantFrom(...'AZaz09_-.1'), (at, char) => {
        const changed = value.slice(0, at) + char + value.slice(at + 1);
        // The last character carries bits that stand for nothing: other texts of the same bytes are the same cookie.
        const bytes = (text: string): string =>
          Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex');
        fc.pre(changed.slice(0, 6) !== value.slice(0, 6) || bytes(changed) !== bytes(value));

        assert.notEqual(outcomeOf(changed), 'ok');
        assert.notEqual(outcomeOf(value.slice(0, at)), 'ok');
        assert.notEqual(outcomeOf(`${value}${char}AAA`), 'ok');
      }),
    );
  });

  test('takes any text for an owner without a fault', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), fc.base64String(), (text, tail) => {
        assert.notEqual(outcomeOf(text), 'ok');
        assert.notEqual(outcomeOf(`1.new.${tail}`), 'ok');
      }),
    );
  });

  test('never grows beyond its bound and differs each time it is sealed', () => {
    const long = createLookback();
    for (let i = 0; i < 40; i += 1) push(long, (0xffff_ffff - i) as typeof a, startMs + i * minute);

    const sealed = Array.from({ length: 50 }, () => sealCookie(first, owner, long));

    assert.equal(new Set(sealed).size, 50);
    assert.ok(sealed.every((each) => each.length <= maxCookieLength));
  });

  test('counts what was read, once a request', async () => {
    const { store, count } = openStore();
    const client = { ...clientOf(0, 1), cookie: value };

    store.read(client, startMs);
    store.admit(client, a, startMs + 1);
    store.read({ ...clientOf(1, 1), cookie: value }, startMs);
    store.read({ ...clientOf(0, 1), cookie: `${value.slice(0, -9)}AAAAAAAAA` }, startMs);

    assert.equal(await count('ok'), 1);
    assert.equal(await count('foreign'), 1);
    assert.equal(await count('forged'), 1);
    assert.deepEqual(store.read({ ...clientOf(0, 1), cookie: kept(client) }, startMs).raw, [a, b, a]);
  });
});

describe('the keys of the sequence cookie', () => {
  test('are refused unless each is an id with 64 hex digits and no id comes twice, without telling them', () => {
    const hex = '1a'.repeat(32);
    for (const text of ['k', `k:${hex}0`, `:${hex}`, `k:${hex},k:${hex}`, `k!:${hex}`, `${hex}`])
      assert.throws(
        () => keysOf(text),
        (error: Error) => error.message.includes('KEYS') && !error.message.includes(hex),
      );
    assert.deepEqual(keysOf(''), []);
    assert.deepEqual(
      keysOf(`k:${hex}, l:${hex}`).map((each) => each.keyId),
      ['k', 'l'],
    );
  });

  test('are derived from the session key where none is named, the same in every enforcer', () => {
    const derived = derivedCookieKey(Buffer.alloc(32, 1));
    const sealed = sealCookie(derived, owner, state);

    assert.equal(openCookie([derivedCookieKey(Buffer.alloc(32, 1))], owner, sealed, startMs).outcome, 'ok');
    assert.equal(
      openCookie([derivedCookieKey(Buffer.alloc(32, 2))], owner, sealed, startMs).outcome,
      'forged',
    );
  });
});
