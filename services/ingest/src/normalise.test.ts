import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventFault, type NormalEvent } from './event.ts';
import { normaliseEvent } from './normalise.ts';

const nowMs = Date.parse('2026-05-01T12:00:00Z');
const options = {
  nowMs,
  tokens: null,
  identifiers: [
    { type: 'jwt', name: 'c:$.sub' },
    { type: 'header', name: 'Authorization' },
    { type: 'cookie', name: 'sid' },
    { type: 'header', name: 'constructor' },
  ],
} as const;
const base = { time: nowMs, method: 'GET', host: 'h', path: '/' };
const normalise = (changes: Readonly<Record<string, unknown>>) => {
  const event = normaliseEvent({ ...base, ...changes }, options);
  assert.ok(!(event instanceof Promise));
  return event;
};
const ok = (changes: Readonly<Record<string, unknown>>): NormalEvent => {
  const event = normalise(changes);
  assert.ok(event.kind === 'event', JSON.stringify(event));
  return event;
};
const faultOf = (changes: Readonly<Record<string, unknown>>): string => {
  const event = normalise(changes);
  return event instanceof EventFault ? `${event.code} ${event.pointer}` : 'no fault';
};

test('takes times from 1970 to now, sets a small lead back and refuses the rest', () => {
  assert.equal(ok({ time: 0 }).timeMs, 0);
  assert.equal(ok({ time: '1970-01-01T00:00:00Z' }).timeMs, 0);
  assert.equal(ok({ time: nowMs - 0.5 }).timeMs, nowMs - 1);
  assert.deepEqual([ok({ time: nowMs + 300_000 }).timeMs, ok({ time: nowMs + 1 }).isClamped], [nowMs, true]);
  assert.equal(ok({ time: nowMs }).isClamped, false);
  assert.equal(faultOf({ time: nowMs + 300_001 }), 'time_in_future /time');
  assert.equal(faultOf({ time: '2100-01-01T00:00:00Z' }), 'time_in_future /time');
  assert.equal(faultOf({ time: -1 }), 'time_before_1970 /time');
  assert.equal(faultOf({ time: '1969-12-31T23:59:59Z' }), 'time_before_1970 /time');
  assert.equal(faultOf({ time: Number.POSITIVE_INFINITY }), 'time_invalid /time');
  assert.equal(faultOf({ time: 'yesterday' }), 'time_invalid /time');
  assert.equal(faultOf({ time: '1777636800000' }), 'time_invalid /time');
  assert.equal(faultOf({ time: true }), 'time_invalid /time');
  assert.equal(faultOf({ time: null }), 'missing /time');
});

test('takes paths of up to 8 KiB without their query', () => {
  assert.equal(ok({ path: `/a?${'x'.repeat(60_000)}\u0000` }).path, '/a');
  assert.equal(ok({ path: `/${'x'.repeat(8191)}` }).path.length, 8192);
  assert.equal(ok({ path: '/%00/%ff' }).path, '/%00/%ff');
  assert.equal(faultOf({ path: `/${'x'.repeat(65_535)}` }), 'path_too_long /path');
  assert.equal(faultOf({ path: `/${'\u20ac'.repeat(2731)}` }), 'path_too_long /path');
  assert.equal(faultOf({ path: '/a\u0000b' }), 'path_invalid /path');
  assert.equal(faultOf({ path: '/a\nb' }), 'path_invalid /path');
  assert.equal(faultOf({ path: '' }), 'path_invalid /path');
  assert.equal(faultOf({ path: 'http://h/a' }), 'path_invalid /path');
  assert.equal(faultOf({ path: 7 }), 'wrong_type /path');
});

test('takes any method that is a token, in upper case as the enforcer does, and hosts with ports', () => {
  assert.equal(ok({ method: 'PROPFIND' }).method, 'PROPFIND');
  assert.equal(ok({ method: 'get' }).method, 'GET');
  assert.equal(ok({ host: 'H.example:8080' }).host, 'H.example:8080');
  for (const method of ['', 'GE T', 'G\u00c9T', 'x'.repeat(33)])
    assert.equal(faultOf({ method }), 'method_invalid /method');
  for (const host of ['', 'a b', 'a/b', 'a\u0000', 'u@h', '\u00fc', 'x'.repeat(256)])
    assert.equal(faultOf({ host }), 'host_invalid /host');
});

test('checks the optional fields, null being none', () => {
  const event = ok({ status: null, duration_ms: null, bytes: null, id: null, session: null, headers: null });
  assert.deepEqual(
    [event.status, event.durationMs, event.bytes, event.eventId, event.session],
    Array(5).fill(null),
  );
  const full = ok({ status: 200, duration_ms: 0.25, bytes: 2 ** 40, id: 'x'.repeat(128) });
  assert.deepEqual(
    [full.status, full.durationMs, full.bytes, full.eventId?.length],
    [200, 0.25, 2 ** 40, 128],
  );
  assert.equal(faultOf({ status: 1000 }), 'out_of_range /status');
  assert.equal(faultOf({ status: '200' }), 'wrong_type /status');
  assert.equal(faultOf({ status: 200.5 }), 'out_of_range /status');
  assert.equal(faultOf({ duration_ms: -1 }), 'out_of_range /duration_ms');
  assert.equal(faultOf({ bytes: 2 ** 60 }), 'out_of_range /bytes');
  assert.equal(faultOf({ bytes: 2 ** 53 - 1 }), 'out_of_range /bytes');
  assert.equal(ok({ bytes: 2 ** 53 - 2 }).bytes, 2 ** 53 - 2);
  assert.equal(faultOf({ id: '' }), 'id_invalid /id');
  assert.equal(faultOf({ id: '\u20ac'.repeat(43) }), 'id_invalid /id');
  assert.equal(faultOf({ id: 5 }), 'wrong_type /id');
});

test('the explicit session wins, then the first identifier that is present and not empty', () => {
  const headers = { AUTHORIZATION: ['', 'token'], Cookie: 'a=1; sid="q=1" ; sid=2' };
  assert.deepEqual(ok({ session: 's', headers }).session, { type: 'explicit', name: '', value: 's' });
  assert.deepEqual(ok({ session: { type: 'cookie', name: 'n', value: 'v' } }).session, {
    type: 'cookie',
    name: 'n',
    value: 'v',
  });
  assert.deepEqual(ok({ session: '', headers }).session, {
    type: 'header',
    name: 'Authorization',
    value: 'token',
  });
  assert.deepEqual(ok({ headers: { ...headers, AUTHORIZATION: '' } }).session, {
    type: 'cookie',
    name: 'sid',
    value: '"q=1"',
  });
  assert.deepEqual(ok({ cookies: { sid: 'own' }, headers: { cookie: 'sid=other' } }).session?.value, 'own');
  assert.equal(ok({ headers: { cookie: 'xsid=1; sid=; =3; ;' } }).session, null);
  assert.equal(ok({ headers: {}, cookies: {} }).session, null);
});

test('names faults in session, headers and cookies', () => {
  assert.equal(faultOf({ session: 5 }), 'wrong_type /session');
  assert.equal(faultOf({ session: ['a'] }), 'wrong_type /session');
  assert.equal(faultOf({ session: { type: 'jwt', name: 'n', value: 'v' } }), 'session_invalid /session/type');
  assert.equal(
    faultOf({ session: { type: 'header', name: '', value: 'v' } }),
    'session_invalid /session/name',
  );
  assert.equal(faultOf({ session: { type: 'header', name: 'n' } }), 'session_invalid /session/value');
  assert.equal(faultOf({ headers: [] }), 'wrong_type /headers');
  assert.equal(faultOf({ cookies: 'a=1' }), 'wrong_type /cookies');
  assert.equal(faultOf({ headers: { authorization: 5 } }), 'wrong_type /headers/authorization');
  assert.equal(faultOf({ cookies: { sid: ['a', 5] } }), 'wrong_type /cookies/sid');
});

test('gives an event or a fault for any value, and what it gives is within its bounds', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record(
      {
        ...Object.fromEntries(Object.keys(base).map((k) => [k, fc.anything()])),
        headers: fc.anything(),
        cookies: fc.anything(),
      },
      { requiredKeys: [] },
    ),
    fc.record({
      time: fc.double(),
      method: fc.string(),
      host: fc.string(),
      path: fc.string(),
      session: fc.string({ unit: 'binary' }),
    }),
  );
  fc.assert(
    fc.property(value, (given) => {
      const event = normaliseEvent(given, options);
      assert.ok(!(event instanceof Promise));
      if (event instanceof EventFault) assert.match(event.pointer, /^(\/|$)/);
      else
        assert.ok(
          event.timeMs >= 0 && event.timeMs <= nowMs && event.path.startsWith('/') && event.host !== '',
        );
    }),
  );
});
