/** Requests made to break what reads them: each is refused with a pointer or decided on, and none reaches a prototype. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { InputError, Phase } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { block, expressionRule, startDecider } from '../decider.test-kit.ts';
import {
  closeAll,
  cookieSession,
  type Enforcer,
  host,
  openLog,
  operationOf,
  ready,
  snapshotOf,
  startTest,
  temporaryDir,
  writeZone,
  zone,
} from '../fixtures.test-kit.ts';
import { parseRequest } from '../request.ts';

const limits = { maxHeaders: 100, maxValue: 8192, acceptsTime: false };
const base = { method: 'GET', host, path: '/cart' };
const prototypeNames = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'];

const pointerOf = (body: unknown): string | null => {
  try {
    parseRequest(body, limits);
    return null;
  } catch (error) {
    if (error instanceof InputError) return error.pointer;
    throw error;
  }
};
/** As it comes from the wire: a member of that name, not the prototype. */
const json = (text: string): unknown => JSON.parse(text);

describe('a decision request', () => {
  test('has a method that is a token, as events of ingest have', () => {
    for (const method of ['po\u017ft', 'GE\u0131', 'GET ', 'GET\n', 'G\0T', '\u0100', '\xe9', 'x'.repeat(33)])
      assert.equal(pointerOf({ ...base, method }), '/method', JSON.stringify(method));
    for (const method of ['GET', 'get', 'PROPFIND', 'M-SEARCH'])
      assert.equal(pointerOf({ ...base, method }), null);
  });

  test('has bytes alone where rules read bytes', () => {
    const request = parseRequest(
      { ...base, host: 'h\u0100', path: '/\u0100', http_version: 'HTTP/\u0100' },
      limits,
    );

    for (const text of [request.host, request.path, request.httpVersion ?? ''])
      assert.ok(
        [...text].every((unit) => unit.charCodeAt(0) < 256),
        text,
      );
  });

  test('of a name that every object has is a header, a cookie or a fault, and nothing else', () => {
    for (const name of prototypeNames) {
      const at = JSON.stringify(name);
      const request = parseRequest(
        json(`{"method":"GET","host":"h","path":"/","headers":{${at}:"v"},"cookies":{${at}:["","w"]}}`),
        limits,
      );

      assert.deepEqual([request.headers.get(name.toLowerCase()), request.cookies.get(name)], ['v', 'w']);
      assert.deepEqual([request.headers.size, request.scheme, request.session], [1, null, null]);
      assert.equal(
        pointerOf(json(`{"method":"GET","host":"h","path":"/",${at}:{"scheme":"https"}}`)),
        `/${name}`,
      );
      assert.equal(
        pointerOf(json(`{"method":"GET","host":"h","path":"/","fields":{${at}:"v"}}`)),
        `/fields/${name}`,
      );
    }
    assert.equal(({} as Record<string, unknown>)['scheme'], undefined);
  });

  test('is refused by the number of its headers and the length of any text, wherever it stands', () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, '']));
    const long = 'a'.repeat(8193);

    assert.equal(pointerOf({ ...base, headers: many }), '/headers');
    assert.equal(pointerOf({ ...base, cookies: many }), '/cookies');
    assert.equal(pointerOf({ ...base, headers: { a: Array(101).fill('') } }), '/headers/a');
    assert.equal(pointerOf({ ...base, headers: { a: ['', long] } }), '/headers/a');
    assert.equal(pointerOf({ ...base, headers: { [long]: '' } }), `/headers/${long.slice(0, 100)}`);
    for (const name of ['method', 'host', 'path', 'http_version', 'session'])
      assert.equal(pointerOf({ ...base, [name]: `/${long}` }), `/${name}`);
    assert.equal(
      pointerOf({ ...base, session: { type: 'header', name: long, value: 'v' } }),
      '/session/name',
    );
  });

  test('finds a header of a prototype name by rules only where it was sent', async () => {
    for (const name of prototypeNames) {
      const key = name.toLowerCase();
      const { ask } = startDecider({
        expressionRules: [
          expressionRule(Phase.custom, block, {
            expression: `any(http.request.headers["${key}"][*] ne "") or any(http.request.cookies["${name}"][*] ne "") or any(http.request.uri.args["${name}"][*] ne "")`,
          }),
        ],
      });

      assert.equal((await ask()).decision, 'allow', name);
      assert.equal((await ask({ headers: new Map([[key, 'v']]) })).decision, 'deny');
      assert.equal((await ask({ headers: new Map([['cookie', `${name}=v`]]) })).decision, 'deny');
      assert.equal((await ask({ path: `/cart?${name}=v` })).decision, 'deny');
    }
  });
});

describe('the body of a decision request on the wire', () => {
  const dir = temporaryDir();
  let log: EventLog;
  let enforcer: Enforcer;

  before(async () => {
    log = await openLog(dir.path);
    await writeZone(log, snapshotOf([operationOf('cart')], [], { identifiers: cookieSession }));
    enforcer = await startTest(log, { PRECEDE_ENFORCER_MAX_BODY: '1MiB' });
    await ready(enforcer);
  });
  after(async () => {
    await closeAll();
    await log.close();
    dir.remove();
  });

  const post = async (body: string | Buffer): Promise<readonly [number, string]> => {
    const response = await fetch(`${enforcer.address}/v1/zones/${zone}/decide`, { method: 'POST', body });
    const { error } = (await response.json()) as { error?: { code: string } };
    return [response.status, error?.code ?? ''];
  };
  const withMember = (text: string): string => `{"method":"GET","host":"${host}","path":"/cart",${text}}`;

  test('may be as deep as it likes: it is refused for what stands where text should', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const objects = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;

    for (const text of [deep, objects])
      for (const member of ['headers', 'cookies', 'session', 'fields', 'host'])
        assert.equal((await post(withMember(`"x":${text}`).replace('"x"', `"${member}"`)))[0], 400, member);
    assert.equal((await post('['.repeat(1_000_000)))[0], 400);
    assert.equal((await post(withMember('"headers":{}')))[0], 200);
  });

  test('is UTF-8: bytes that are none would all be the same character, and clients the same session', async () => {
    const latin1 = Buffer.from(withMember('"headers":{"cookie":"sid=\xe9"}'), 'latin1');
    const utf8 = Buffer.from(withMember('"headers":{"cookie":"sid=\xe9"}'), 'utf8');

    assert.equal((await post(latin1))[0], 400);
    assert.equal((await post(utf8))[0], 200);
  });
});
