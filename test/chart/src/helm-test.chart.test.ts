import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deployEmbedded, root } from '@precede/testkit';
import { chart } from './generated.ts';
import { helmIsMissing, render } from './helm.ts';
import { workloads } from './workloads.ts';

const enforcerToken = 'a-token-of-the-gateways';

/** The script of `helm test` beside an instance on this machine, as the pod runs it beside a release. */
const runScript = async (env: Readonly<Record<string, string>>) => {
  const data = mkdtempSync(join(tmpdir(), 'precede-helm-test-'));
  const child = spawn(process.execPath, [`${chart}/files/helm-test.mjs`], {
    env: {
      PATH: `${root}node_modules/.bin:${process.env['PATH']}`,
      PRECEDE_DATA: data,
      TEST_NAME: 'release-helm-test',
      TEST_TIMEOUT_SECONDS: '120',
      ...env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  rmSync(data, { recursive: true, force: true });
  return { status, output };
};

test('the script of helm test passes on a running instance again and again, and leaves other zones alone', async (t) => {
  const instance = await deployEmbedded(undefined, {
    PRECEDE_CLOCK: '',
    PRECEDE_ENFORCER_TOKEN: enforcerToken,
  });
  t.after(() => instance.close());
  const { ingest, enforcer } = (
    await instance.control<{ addresses: Record<string, string> }>('GET', '/instance')
  ).addresses;
  const env = {
    PRECEDE_URL: instance.env['PRECEDE_URL'] ?? '',
    PRECEDE_TOKEN: instance.env['PRECEDE_TOKEN'] ?? '',
    PRECEDE_INGEST_URL: ingest ?? '',
    PRECEDE_ENFORCER_TOKEN: enforcerToken,
    TEST_ENFORCERS: enforcer ?? '',
  };
  await instance.control('POST', '/zones', { name: 'shop.example.com' });
  // What a run that was killed has left.
  await instance.control('POST', '/zones', { name: 'release-helm-test-left' });

  const first = await runScript(env);
  const second = await runScript(env);
  const refused = await runScript({ ...env, PRECEDE_ENFORCER_TOKEN: 'another' });

  assert.equal(first.status, 0, first.output);
  assert.match(first.output, /score of \/cart before \/pay: 0\.75 \(45 of 60\)/);
  assert.match(first.output, /\/pay alone deny, \/cart then \/pay allow/);
  assert.equal(second.status, 0, second.output);
  assert.equal(refused.status, 1, 'it can fail');
  assert.match(refused.output, /FAILED: .*401/);
  const zones = await instance.control<{ name: string }[]>('GET', '/zones');
  assert.deepEqual(
    zones.map(({ name }) => name),
    ['shop.example.com'],
  );
});

test('the pod of helm test has the tokens it needs, and is there only where all five services are', {
  skip: helmIsMissing(),
}, () => {
  const pod = workloads(render({ values: ['chart-secrets'] })).find(({ object }) => object.kind === 'Pod');
  const names = pod?.spec.containers[0].env.map(({ name }: { name: string }) => name);
  const partial = workloads(render({ set: { 'ingest.enabled': false } }));

  for (const name of ['PRECEDE_TOKEN', 'PRECEDE_INGEST_TOKEN', 'PRECEDE_ENFORCER_TOKEN'])
    assert.ok(names.includes(name));
  assert.equal(
    partial.some(({ object }) => object.kind === 'Pod'),
    false,
  );
});
