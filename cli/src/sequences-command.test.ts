/** `precede sequences` as a process, beside an API of which it is written down what was asked. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { timeOf } from './sequences-api.ts';

const zone = { id: '0123456789abcdef0123456789abcdef', name: 'shop', revision: 1 };
const operation = {
  operation_id: '0000000a-0000-4000-8000-000000000000',
  short_id: '0000000a',
  method: 'GET',
  host: 'shop.example.com',
  endpoint: '/cart',
};
const total = 1_500;
const item = (i: number) => ({
  id: `precedence.0000000a.${i.toString(16).padStart(8, '0')}`,
  operations: [operation],
  score: 0.5,
  low: 0.4,
  high: 0.6,
  support: i,
  last_support: 2 * i,
  sessions: 5,
  undercount: 0,
});

let server: Server;
let asked: URL[] = [];

const answerOf = (url: URL): object => {
  const page = Number(url.searchParams.get('page') ?? 1);
  const perPage = Number(url.searchParams.get('per_page') ?? 20);
  const info = (count: number) => ({
    page,
    per_page: perPage,
    total_count: count,
    total_pages: Math.ceil(count / perPage),
  });
  if (url.pathname.endsWith('/zones')) return { result: [zone], result_info: info(1) };
  if (url.pathname.endsWith('/operations')) return { result: [operation], result_info: info(1) };
  const all = Array.from({ length: total }, (_, i) => item(i));
  return {
    result: all.slice((page - 1) * perPage, page * perPage),
    result_info: info(total),
    messages: [{ message: 'scores computed at noon' }],
  };
};

before(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    asked.push(url);
    response.end(JSON.stringify({ success: true, errors: [], messages: [], ...answerOf(url) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => server.close());
beforeEach(() => {
  asked = [];
});

const sequences = async (...args: readonly string[]) => {
  const target = ['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--token', 't'];
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, 'sequences', ...args, ...target], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = [text(child.stdout), text(child.stderr)];
  const [code] = await once(child, 'exit');
  return { code, out: await out, err: await err };
};
const queries = () =>
  asked.filter((url) => url.pathname.endsWith('/sequences')).map((url) => url.searchParams);

test('every filter becomes a parameter, an operation by name too', async () => {
  const { code, out, err } = await sequences(
    ...['--zone', 'shop', '--kind', 'lookback', '--at', '2026-01-02T03:04:05+01:00', '--min-support', '7'],
    ...['--min-score', '0.5', '--length', '2', '--host', 'a', '--host', 'b', '--operation', '0000000a'],
    ...[
      '--first',
      'GET shop.example.com/cart',
      '--last',
      '0000000b',
      '--all',
      '--sort',
      'support',
      '--ascending',
    ],
    ...['--limit', '3', '--page', '2'],
  );

  assert.equal(code, 0, err);
  assert.deepEqual(
    [...(queries()[0] ?? [])],
    [
      ['kind', 'lookback'],
      ['at', '2026-01-02T03:04:05+01:00'],
      ['min_support', '7'],
      ['min_score', '0.5'],
      ['length', '2'],
      ['host', 'a'],
      ['host', 'b'],
      ['operation', '0000000a'],
      ['first_operation', operation.operation_id],
      ['last_operation', '0000000b'],
      ['listed', 'all'],
      ['order', 'support'],
      ['direction', 'asc'],
      ['page', '2'],
      ['per_page', '3'],
    ],
  );
  assert.match(out, /3 of 1500, page 2/);
});

test('a limit beyond a page reads on; JSON is the items alone and the words go to stderr', async () => {
  const { code, out, err } = await sequences('--zone', 'shop', '--json', '--limit', '1200');

  assert.equal(code, 0, err);
  assert.deepEqual(
    queries().map((query) => query.get('page')),
    ['1', '2'],
  );
  const items = JSON.parse(out) as readonly { support: number }[];
  assert.deepEqual([items.length, items.at(-1)?.support], [1_200, 1_199]);
  assert.equal(err.trim(), 'scores computed at noon');
});

test('wrong options are told by their name, before anything is asked', async () => {
  for (const [args, wanted] of [
    [['--kind', 'x'], /--kind: must be one of precedence, correlation, lookback, got "x"/],
    [['--min-score', '2'], /--min-score: must be a number from 0 to 1/],
    [['--length', '10'], /--length: must be a whole number from 2 to 9/],
    [['--sort', 'name'], /--sort: must be one of score, support/],
    [['--at', 'noon'], /--at: must be a time such as/],
    [['--limit', '2000', '--page', '1'], /--limit: with --page it is the length of a page, at most 1000/],
  ] as const) {
    const { code, err } = await sequences('--zone', 'shop', ...args);

    assert.equal(code, 2, err);
    assert.match(err, wanted);
  }
  assert.deepEqual(queries(), []);
});

test('a time is RFC 3339 or how long ago', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);

  assert.equal(timeOf('2h', now), '2026-01-02T01:04:05.000Z');
  assert.equal(timeOf('90s', now), '2026-01-02T03:02:35.000Z');
  assert.equal(timeOf('2026-01-02T03:04Z', now), '2026-01-02T03:04Z');
  for (const text of ['', '2', 'h', '-1h', '2w', '2026-01-02', '2026-01-02 03:04:05', '2026-13-02T03:04:05Z'])
    assert.throws(() => timeOf(text, now), /--at: must be a time/, text);
});
