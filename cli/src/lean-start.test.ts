import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const main = join(import.meta.dirname, 'main.ts');

/** As in an image without the embedded engines: whoever loads one of these packages ends. */
const withoutEngines = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (specifier, context, next) => {
      if (/^(chdb|ffi-rs|lmdb)(\\/|$)/.test(specifier)) throw new Error('loads the engine ' + specifier);
      return next(specifier, context);
    },
  });
`)}`;

const precede = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, ['--import', withoutEngines, main, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stderr = text(child.stderr);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, stderr: await stderr };
};

// Nobody listens on port 1.
const nobody = 'http://127.0.0.1:1';
const brokers = { PRECEDE_KAFKA_BROKERS: '127.0.0.1:1', PRECEDE_SCHEMA_REGISTRY_URL: nobody };
const commands: readonly [readonly string[], Readonly<Record<string, string>>][] = [
  [['topics', '--check', '--timeout', '0s'], brokers],
  [['migrate', '--check', '--timeout', '0s'], { PRECEDE_CLICKHOUSE_URL: nobody }],
  [['sequences', '--zone', 'shop', '--url', nobody], {}],
  [['decide', 'http://shop.example.com/', '--zone', 'shop', '--url', nobody], {}],
  [['doctor', '--url', nobody], {}],
  [['zones', 'list', '--url', nobody], {}],
  [['rules', 'list', '--zone', 'shop', '--url', nobody], {}],
  [['import', main, '--format', 'combined', '--zone', 'shop', '--host', 'h', '--url', nobody], {}],
];

for (const [args, env] of commands)
  test(`${args[0]} runs where no embedded engine is installed`, async () => {
    const { code, stderr } = await precede(args, env);

    // It came as far as asking somebody who is away.
    assert.equal(code, 3, stderr);
  });

test('up needs the engines, so that the tests above can fail', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'precede-lean-'));
  t.after(() => rm(data, { recursive: true, force: true }));

  const { code, stderr } = await precede(['up', '--control-port', '0', '--data', data]);

  assert.equal(code, 1);
  assert.match(stderr, /loads the engine lmdb/);
});
