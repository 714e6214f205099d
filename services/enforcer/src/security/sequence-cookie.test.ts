/** What a client may do with its sequence cookie, through the whole decision: forging, moving and keeping it must gain nothing. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { Phase, type ZoneId } from '@precede/contracts';
import { createLookback, push } from '@precede/rules';
import { cookieIn } from '@precede/service';
import {
  block,
  type Decider,
  type DeciderOptions,
  expressionRule,
  startDecider,
  startMs,
} from '../decider.test-kit.ts';
import type { Decision } from '../decision.ts';
import { operationOf, zone, zoneSettings } from '../fixtures.test-kit.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { sequenceCookieName } from '../stores/cookie-sessions.ts';
import { maxCookieLength, sealCookie } from '../stores/sequence-cookie.ts';

const minute = 60_000;
const hour = 60 * minute;
const [cartId, payId] = ['63617274', '7061792e'];
const enabled = { settings: { ...zoneSettings, hasSequenceCookies: true } };
const keyOf = (byte: string): string => byte.repeat(32);

/** A payment needs a cart in the last hour. */
const rule = expressionRule(Phase.custom, block, {
  expression: `http.request.method eq "POST" and not any(cf.sequence.previous_ops[*] eq "${cartId}")`,
});
const start = (more: DeciderOptions = {}): Decider =>
  startDecider({
    expressionRules: [rule],
    snapshot: enabled,
    ...more,
    env: {
      PRECEDE_ENFORCER_SESSION_STORE: 'cookie',
      PRECEDE_ENFORCER_COOKIE_KEYS: `a:${keyOf('11')}`,
      ...more.env,
    },
  });

type Asked = Partial<GatewayRequest>;
const with_ = (cookie: string, more: Asked = {}): Asked => ({
  headers: new Map([['cookie', `${sequenceCookieName}=${cookie}`]]),
  ...more,
});
const payWith = (cookie: string, more: Asked = {}): Asked =>
  with_(cookie, { method: 'POST', path: '/pay', ...more });
const kept = ({ setCookie }: Decision): string => cookieIn(setCookie ?? '', sequenceCookieName);
const session = (value: string): Asked => ({ session: { type: 'explicit', name: '', value } });

const outcomeOf = async ({ ask, metric }: Decider, request: Asked): Promise<readonly [string, string]> => {
  const outcomes = ['ok', 'none', 'malformed', 'forged', 'expired', 'foreign', 'oversized'];
  const counts = () => Promise.all(outcomes.map((outcome) => metric('sequence_cookies_total', { outcome })));
  const before = await counts();
  const { decision } = await ask(request);
  const after = await counts();
  return [decision, outcomes.filter((_, at) => after[at] !== before[at]).join()];
};

describe('a sequence cookie', () => {
  test('counts as long as every byte of it is what was sealed', async () => {
    const decider = start();
    const cookie = kept(await decider.ask());
    const [version, keyId, text = ''] = cookie.split('.');
    const sealed = Buffer.from(text, 'base64url');

    assert.deepEqual(await outcomeOf(decider, payWith(cookie)), ['allow', 'ok']);
    for (let at = 0; at < sealed.length; at += 1) {
      const flipped = Buffer.from(sealed);
      flipped.writeUInt8(sealed.readUInt8(at) ^ (1 << (at % 8)), at);
      const asked = payWith(`${version}.${keyId}.${flipped.toString('base64url')}`);
      const [decision, outcome] = await outcomeOf(decider, asked);
      assert.deepEqual([decision, ['forged', 'foreign'].includes(outcome)], ['deny', true], `byte ${at}`);
    }
  });

  test('is nothing once it is cut off or goes on', async () => {
    const { ask } = start();
    const cookie = kept(await ask());

    for (let length = 0; length < cookie.length; length += 1)
      assert.equal((await ask(payWith(cookie.slice(0, length)))).decision, 'deny', `${length} characters`);
    for (const end of ['AAAA', '.', '=', ' x', '.AAAA', '\0', ','])
      assert.equal((await ask(payWith(cookie + end))).decision, 'deny', end);
  });

  test('is nothing where it is forged: of an unknown key, of a known id with another key, or made up', async () => {
    const decider = start();
    const sealedBy = async (key: string): Promise<string> =>
      kept(await start({ env: { PRECEDE_ENFORCER_COOKIE_KEYS: key } }).ask());

    const unknown = await sealedBy(`b:${keyOf('11')}`);
    const wrong = await sealedBy(`a:${keyOf('22')}`);

    assert.deepEqual(await outcomeOf(decider, payWith(unknown)), ['deny', 'foreign']);
    assert.deepEqual(await outcomeOf(decider, payWith(unknown.replace('1.b.', '1.a.'))), ['deny', 'forged']);
    assert.deepEqual(await outcomeOf(decider, payWith(wrong)), ['deny', 'forged']);
    for (const text of [
      '1.a.',
      '1.a.AAAA',
      '2.a.AAAA',
      'null',
      '__proto__',
      '1.__proto__.AAAA',
      `1.a.${'A'.repeat(80)}`,
    ])
      assert.equal((await decider.ask(payWith(text))).decision, 'deny', text);
  });

  test('is refused by its length before anything of it is decoded', async () => {
    const decider = start();

    for (const length of [maxCookieLength + 1, 8_000, 4_000_000])
      assert.deepEqual(await outcomeOf(decider, payWith(`1.a.${'A'.repeat(length)}`)), ['deny', 'oversized']);
  });

  test('counts for its zone and its session alone', async () => {
    const decider = start();
    const { ask } = decider;
    const ofNobody = kept(await ask());
    const ofOne = kept(await ask(session('one')));
    const ofTwo = kept(await ask(session('two')));

    assert.equal((await ask(payWith(ofOne, session('one')))).decision, 'allow');
    for (const [cookie, who] of [
      [ofOne, session('two')],
      [ofTwo, session('one')],
      [ofOne, {}],
      [ofNobody, session('one')],
    ] as const)
      assert.deepEqual(await outcomeOf(decider, payWith(cookie, who)), ['deny', 'foreign']);
  });

  test('of another zone counts for nothing, though the key is the same', async () => {
    const decider = start();
    const key = { keyId: 'a', key: createSecretKey(Buffer.from(keyOf('11'), 'hex')) };
    const state = createLookback();
    push(state, operationOf('cart').shortId, startMs);
    const sealedFor = (zoneId: ZoneId): string => sealCookie(key, { zoneId, sessionId: null }, state);

    assert.deepEqual(await outcomeOf(decider, payWith(sealedFor(zone))), ['allow', 'ok']);
    assert.deepEqual(await outcomeOf(decider, payWith(sealedFor(`${'a'.repeat(31)}b` as ZoneId))), [
      'deny',
      'foreign',
    ]);
  });

  test('may be sent again within its hour, and is empty after it', async () => {
    const decider = start();
    const cookie = kept(await decider.ask());

    decider.clock.nowMs += hour;
    assert.deepEqual(await outcomeOf(decider, payWith(cookie)), ['allow', 'ok']);
    assert.deepEqual(await outcomeOf(decider, payWith(cookie)), ['allow', 'ok']);
    decider.clock.nowMs += 1;
    assert.deepEqual(await outcomeOf(decider, payWith(cookie)), ['deny', 'expired']);
  });

  test('lets no operation live on by being sealed again and again', async () => {
    const { ask, clock } = start();
    let cookie = kept(await ask());

    for (let passed = 0; passed < hour; passed += 10 * minute) {
      assert.equal((await ask(payWith(cookie))).decision, 'allow', `${passed / minute} minutes`);
      clock.nowMs += 10 * minute;
      cookie = kept(await ask(with_(cookie, { path: '/ship' })));
    }
    assert.equal((await ask(payWith(cookie))).decision, 'allow');
    clock.nowMs += 1;
    assert.equal((await ask(payWith(cookie))).decision, 'deny');
  });

  test('counts once where it is sent several times: the first', async () => {
    const { ask } = start();
    const cookie = kept(await ask());
    const headers = (...lines: string[]) => payWith('', { headers: new Map([['cookie', lines]]) });
    const [good, bad] = [`${sequenceCookieName}=${cookie}`, `${sequenceCookieName}=x`];

    assert.equal((await ask(headers(good, bad))).decision, 'allow');
    assert.equal((await ask(headers(bad, good))).decision, 'deny');
    assert.equal((await ask(headers(`${bad}; ${good}`))).decision, 'deny');
    assert.equal((await ask(headers(good.toLowerCase().replace('__host', '__Host')))).decision, 'deny');
  });
});

for (const store of ['cookie', 'memory'])
  describe(`the sequence cookie beside the store ${store}`, () => {
    const env = { PRECEDE_ENFORCER_SESSION_STORE: store };

    test('is set over TLS alone, on requests that match an operation and are let through', async () => {
      const { ask } = start({ env });

      const match =
        /^__Host-precede_seq=1\.a\.[\w-]+; Path=\/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax$/;
      assert.match((await ask()).setCookie ?? '', match);
      assert.match((await ask(session('one'))).setCookie ?? '', match);
      for (const none of [
        { scheme: 'http' },
        { scheme: null },
        { path: '/unknown' },
        { method: 'POST', path: '/pay' },
      ] as const)
        assert.equal((await ask(none)).setCookie, null, JSON.stringify(none));
    });

    test('is neither read nor set where the zone has not asked for it', async () => {
      const cookie = kept(await start({ env }).ask());
      const { ask, metric } = start({ env, snapshot: {} });

      const [shown, first] = [await ask(payWith(cookie)), await ask()];

      assert.equal(shown.decision, 'deny');
      assert.equal(first.setCookie, null);
      assert.equal(await metric('sequence_cookies_total'), 0);
    });
  });

describe('the fields of the sequence', () => {
  const anything = expressionRule(Phase.custom, block, {
    expression: `cf.sequence.current_op ne "" or len(cf.sequence.previous_ops) ne 0 or cf.sequence.msec_since_op["${payId}"] ge 0`,
  });

  test('are empty in a zone that has not asked for the cookie, whoever comes', async () => {
    const cookie = kept(await start({ expressionRules: [] }).ask());
    const { ask } = start({ expressionRules: [anything], snapshot: {} });

    for (const request of [{}, with_(cookie), with_(cookie, session('one'))])
      assert.equal((await ask(request)).decision, 'allow');
  });

  test('are filled from the cookie over TLS alone: what came in the clear may be of anybody', async () => {
    const cookie = kept(await start({ expressionRules: [] }).ask());
    const { ask, metric } = start({ expressionRules: [anything] });

    assert.equal((await ask(with_(cookie))).decision, 'deny');
    for (const scheme of ['http', null] as const)
      assert.equal((await ask(with_(cookie, { scheme }))).decision, 'allow');
    assert.equal(await metric('sequence_cookies_total'), 1);
  });
});
