/** What people and scanners really send: every one gets a clear answer, and nothing good beside it is lost. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { clockMs, type Deployment, deployEmbedded, run } from '@precede/testkit';

let d: Deployment;
let zone: string;
let ingest: string;
const dir = mkdtempSync(join(tmpdir(), 'precede-bad-'));
before(async () => {
  d = await deployEmbedded();
  zone = (await d.control<{ id: string }>('POST', '/zones', { name: 'bad-input' })).id;
  ingest = (await d.control<{ addresses: { ingest: string } }>('GET', '/instance')).addresses.ingest;
  await d.control('POST', `/zones/${zone}/api_gateway/operations`, [good('/a'), good('/b')]);
});
after(async () => {
  await d?.close();
  rmSync(dir, { recursive: true });
});

const host = 'api.example.com';
const good = (endpoint: string) => ({ method: 'GET', host, endpoint });
const event = (more: object = {}) => ({
  time: clockMs,
  method: 'GET',
  host,
  path: '/a',
  session: 's',
  ...more,
});

interface Answer {
  readonly accepted?: number;
  readonly refused?: readonly { index: number; pointer: string; code: string; message: string }[];
  readonly error?: { code: string; message: string };
}

const post = async (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  zoneId = zone,
): Promise<{ status: number; answer: Answer }> => {
  const response = await fetch(`${ingest}/v1/zones/${zoneId}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, answer: (await response.json()) as Answer };
};

test('a body that is not JSON is refused with a sentence', async () => {
  const { status, answer } = await post('[{"time":');

  assert.equal(status, 400);
  assert.match(answer.error?.message ?? '', /JSON/);
});

test('half a gzip is refused whole', async () => {
  const whole = gzipSync(JSON.stringify([event()]));

  const { status, answer } = await post(new Uint8Array(whole.subarray(0, whole.length >> 1)), {
    'content-encoding': 'gzip',
  });

  assert.equal(status, 400);
  assert.match(answer.error?.message ?? '', /gzip|cut|end/i);
});

test('an unknown zone is 404 and names it', async () => {
  const { status, answer } = await post(JSON.stringify([event()]), {}, 'f'.repeat(32));

  assert.equal(status, 404);
  assert.equal(answer.error?.code, 'PRECEDE_ZONE_UNKNOWN');
});

test('faults of single events are named with index and field, the good ones go through', async () => {
  const events = [
    event(),
    event({ path: `/${'x'.repeat(65_536)}` }),
    event({ path: '/a\u0000b' }),
    event({ time: '2100-01-01T00:00:00Z' }),
    event({ time: 'yesterday' }),
    event({ method: undefined }),
    event({ time: '1970-01-02T00:00:00Z', session: 'old' }),
    'text',
  ];

  const { status, answer } = await post(JSON.stringify(events));

  assert.equal(status, 200);
  assert.equal(answer.accepted, 2);
  const refused = answer.refused ?? [];
  assert.deepEqual(
    refused.map((r) => r.index),
    [1, 2, 3, 4, 5, 7],
  );
  assert.deepEqual(refused.map((r) => r.pointer.split('/').at(-1)).slice(0, 5), [
    'path',
    'path',
    'time',
    'time',
    'method',
  ]);
  const codes = [
    'path_too_long',
    'path_invalid',
    'time_in_future',
    'time_invalid',
    'missing',
    'not_an_object',
  ];
  assert.deepEqual(
    refused.map((r) => r.code),
    codes,
  );
  assert.ok(refused.every((r) => r.message.length > 5));
});

test('bytes that are not UTF-8 are refused, a good line beside them is taken', async () => {
  const bad = Buffer.concat([
    Buffer.from(`${JSON.stringify(event())}\n{"time":1,"path":"/`),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}\n'),
  ]);

  const { status, answer } = await post(new Uint8Array(bad), { 'content-type': 'application/x-ndjson' });

  assert.equal(status, 200);
  assert.deepEqual([answer.accepted, answer.refused?.length, answer.refused?.[0]?.index], [1, 1, 1]);
});

test('a line of 100 MiB costs an answer, not the process', async () => {
  const line = Buffer.alloc(100 * 1024 * 1024, 'x');

  const { status, answer } = await post(new Uint8Array(line), {
    'content-type': 'application/x-ndjson',
  }).catch(() => ({
    // The server may close the connection over a body far beyond its limit before all of it is sent.
    status: 413,
    answer: { error: { code: 'PRECEDE_INPUT_TOO_LARGE', message: '' } } as Answer,
  }));

  assert.equal(status, 413);
  assert.equal(answer.error?.code, 'PRECEDE_INPUT_TOO_LARGE');
  assert.equal((await post(JSON.stringify([event()]))).status, 200);
});

test('an import passes over a line of 100 MiB and what is no request, and counts them by reason', async () => {
  const path = join(dir, 'mixed.ndjson');
  const lines = [
    JSON.stringify(event()),
    'not json',
    '{"time":"2026-03-04T12:00:00Z"}',
    'x'.repeat(100 * 1024 * 1024),
    JSON.stringify(event({ path: '/b' })),
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);

  const summary = JSON.parse(
    await run(['import', path, '--format', 'ndjson', '--zone', zone, '--json', '--data', d.dataDir], d.env),
  ) as { read: number; accepted: number; refused: Record<string, number> };

  assert.deepEqual([summary.read, summary.accepted], [5, 2]);
  assert.equal(
    Object.values(summary.refused).reduce((sum, n) => sum + n, 0),
    3,
  );
});

test('an import of half a gzip and of an unknown zone ends with a sentence and sends nothing', async () => {
  const path = join(dir, 'half.gz');
  writeFileSync(path, gzipSync(Buffer.alloc(1_000_000, `${JSON.stringify(event())}\n`)).subarray(0, 500));

  const half = run(['import', path, '--format', 'ndjson', '--zone', zone, '--data', d.dataDir], d.env);
  await assert.rejects(half, /ended with 2:[\s\S]*cut off; nothing was sent/);
  const unknown = run(['import', path, '--format', 'ndjson', '--zone', 'nobody', '--data', d.dataDir], d.env);
  await assert.rejects(unknown, /ended with 4:[\s\S]*unknown zone nobody/);
});

test('an import of which nothing is accepted ends as wrong input', async () => {
  const path = join(dir, 'prose.txt');
  writeFileSync(path, 'not a log\nat all\n');

  const prose = run(['import', path, '--format', 'combined', '--zone', zone, '--data', d.dataDir], d.env);

  await assert.rejects(
    prose,
    /ended with 2:[\s\S]*nothing was accepted[\s\S]*2 × not a line of the combined format/,
  );
});

test('an operation saved twice is one; a rule on an unknown operation is refused with a pointer', async () => {
  const path = `/zones/${zone}/api_gateway`;
  const [first, second] = await d.control<{ operation_id: string }[]>('POST', `${path}/operations`, [
    good('/users/{a}'),
    good('/users/{b}'),
  ]);
  assert.equal(first?.operation_id, second?.operation_id);

  const sequence = [first?.operation_id, '00000000-0000-4000-8000-000000000000'];
  const rule = { title: 't', kind: 'block', action: 'block', sequence };
  await assert.rejects(d.control('POST', `${path}/seqrules/rules`, rule), /400[\s\S]*\/sequence\/1/);
});

test('a second process on the same data directory ends at once and says who has it', async () => {
  const second = run(
    [
      'up',
      '--data',
      d.dataDir,
      '--control-port',
      '0',
      '--ingest-port',
      '0',
      '--enforcer-port',
      '0',
      '--sessionizer-port',
      '0',
      '--scorer-port',
      '0',
      '--clickhouse-port',
      '0',
    ],
    {},
  );

  await assert.rejects(second, /ended with 2:[\s\S]*(in use|process \d+|pid \d+)/i);
});
