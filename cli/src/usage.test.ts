import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

const main = join(import.meta.dirname, 'main.ts');

/** Runs the command on an empty data directory, as a person would. */
const precede = (t: TestContext, ...args: readonly string[]) => precedeIn(t, async () => {}, ...args);

/** The same, on a data directory that is prepared before: `prepare` gets its path, nothing is there yet. */
const precedeIn = async (
  t: TestContext,
  prepare: (data: string) => Promise<void>,
  ...args: readonly string[]
) => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-usage-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await prepare(join(dir, 'data'));
  const child = spawn(process.execPath, [main, ...args, '--data', join(dir, 'data')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stderr = text(child.stderr);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, stderr: await stderr };
};

const free = ['ingest', 'enforcer', 'sessionizer', 'scorer', 'clickhouse'].flatMap((name) => [
  `--${name}-port`,
  '0',
]);

test('decide takes web addresses alone', async (t) => {
  const { code, stderr } = await precede(t, 'decide', 'ftp://shop.example.com/a', '--zone', 'shop');

  assert.equal(code, 2);
  assert.match(stderr, /ftp:\/\/shop.example.com\/a is no address such as/);
});

test('up names the port that is in use', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };

  const { code, stderr } = await precede(t, 'up', ...free, '--control-port', String(port));

  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`port ${port} of control is in use; choose another with --control-port`));
});

test('up does not call a port taken where the address is not of this machine', async (t) => {
  const { code, stderr } = await precede(t, 'up', ...free, '--control-port', '1234', '--host', '192.0.2.1');

  assert.equal(code, 2);
  assert.match(stderr, /port 1234 of control cannot be opened on 192\.0\.2\.1 \(EADDRNOTAVAIL\)/);
});

test('up says that its data directory is a file', async (t) => {
  const { code, stderr } = await precedeIn(
    t,
    (data) => writeFile(data, ''),
    'up',
    ...free,
    '--control-port',
    '0',
  );

  assert.equal(code, 2);
  assert.match(stderr, /--data: .* cannot be used as a directory \(EEXIST\)/);
});

test('up refuses a log level that is none', async (t) => {
  const { code, stderr } = await precede(t, 'up', ...free, '--control-port', '0', '--log-level', 'loud');

  assert.equal(code, 2);
  assert.match(stderr, /--log-level: must be one of trace, .*, got "loud"/);
});

test('addresses cut off by a crash are as if they were not there', async (t) => {
  const cut = async (data: string): Promise<void> => {
    await mkdir(data);
    await writeFile(join(data, 'instance.json'), '{"pid":');
  };

  const { code, stderr } = await precedeIn(t, cut, 'zones', 'list', '--token', 'none');

  // Whatever answers at the default address, it is no fault of ours.
  assert.notEqual(code, 1, stderr);
  assert.doesNotMatch(stderr, /SyntaxError/);
});

test('analysts add takes plain names that are free, for a zone that it is told', async (t) => {
  const zone = 'a'.repeat(32);
  const strange = await precede(t, 'analysts', 'add', 'Alice!', '--zone', zone);
  const taken = await precede(t, 'analysts', 'add', 'precede', '--zone', zone);
  const zoneless = await precede(t, 'analysts', 'add', 'alice');

  assert.deepEqual([strange.code, taken.code, zoneless.code], [2, 2, 2]);
  assert.match(strange.stderr, /"Alice!" is no name for an analyst/);
  assert.match(taken.stderr, /"precede" is no name for an analyst/);
  assert.match(zoneless.stderr, /--zone/);
});

test('analysts sql prints statements to run by hand, and the password apart from them', async (t) => {
  const { code, stderr } = await precede(t, 'analysts', 'sql', 'alice', '--zone', 'a'.repeat(32));

  assert.equal(code, 0);
  assert.match(stderr, /^password of alice: [\w-]{32}$/m);
});
