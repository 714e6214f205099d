import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig } from '@precede/service';
import { root } from '@precede/testkit';
import { helmIsMissing, type Rendered, render, valuesFiles } from './helm.ts';
import { isSecretVariable, setupFields } from './variables.ts';
import { environmentOf, services, type Workload, workloads } from './workloads.ts';

const skip = helmIsMissing();
const configuration = readFileSync(`${root}docs/configuration.md`, 'utf8');

const settingsMaps = (objects: readonly Rendered[]): readonly Rendered[] =>
  objects.filter(
    ({ kind, data }) =>
      kind === 'ConfigMap' && Object.keys(data ?? {}).some((name) => name.startsWith('PRECEDE_')),
  );

test('every variable of a ConfigMap and of a container is one of docs/configuration.md', { skip }, () => {
  const isKnown = (name: string) => configuration.includes(`\`${name}\``);

  for (const values of valuesFiles()) {
    const objects = render({ values: [values] });
    const names = [
      ...settingsMaps(objects).flatMap(({ data }) => Object.keys(data ?? {})),
      ...workloads(objects).flatMap((workload) => Object.keys(environmentOf(workload, objects))),
    ].filter((name) => name.startsWith('PRECEDE_'));
    assert.deepEqual(
      [...new Set(names)].filter((name) => !isKnown(name)),
      [],
      values,
    );
  }
});

test('no ConfigMap holds a secret variable, and none a value that is in a Secret', { skip }, () => {
  for (const values of valuesFiles()) {
    const objects = render({ values: [values] });
    const maps = settingsMaps(objects);
    const secrets = objects
      .filter(({ kind }) => kind === 'Secret')
      .flatMap(({ data }) => Object.values(data ?? {}));
    const text = JSON.stringify(maps.map(({ data }) => data));

    assert.deepEqual(
      maps.flatMap(({ data }) => Object.keys(data ?? {})).filter(isSecretVariable),
      [],
      values,
    );
    for (const secret of secrets)
      assert.ok(
        !text.includes(Buffer.from(secret, 'base64').toString('utf8')),
        `${values}: a ConfigMap has a secret`,
      );
  }
});

test('no pod, no annotation and no argument holds a secret as it is', { skip }, () => {
  const objects = render({ values: ['chart-secrets'] });
  const others = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
  const secrets = objects
    .filter(({ kind }) => kind === 'Secret')
    .flatMap(({ data }) => Object.values(data ?? {}));

  assert.ok(secrets.length >= 7);
  for (const secret of secrets) {
    assert.ok(!others.includes(secret));
    assert.ok(!others.includes(Buffer.from(secret, 'base64').toString('utf8')));
  }
});

const checkConfig = (service: string, env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [`${root}services/${service}/src/main.ts`, '--check-config'], {
    env,
    encoding: 'utf8',
  });

test('the environment of every service passes its own --check-config', { skip }, () => {
  const seen = new Set<string>();
  const isNew = (workload: Workload, env: object) => {
    const key = workload.component + JSON.stringify(env);
    return seen.has(key) ? false : seen.add(key);
  };

  for (const values of valuesFiles()) {
    const objects = render({ values: [values] });
    for (const workload of workloads(objects).filter(({ component }) =>
      services.includes(component as never),
    )) {
      const env = environmentOf(workload, objects);
      if (!isNew(workload, env)) continue;
      const { status, stdout, stderr } = checkConfig(workload.component, env);
      assert.equal(status, 0, `${values}, ${workload.component}: ${stderr}${stdout}`);
    }
  }
  assert.ok(seen.size > 20, 'the examples differ in what services are told');
});

test('the environment of the jobs is one they can work with', { skip }, () => {
  for (const values of valuesFiles()) {
    const objects = render({ values: [values] });
    const jobs = workloads(objects).filter(({ object }) => object.kind === 'Job');
    for (const job of jobs) loadConfig(setupFields, environmentOf(job, objects));
    assert.equal(jobs.length, values === 'enforcer-only' ? 0 : 2);
  }
});

test('a service gets no credential that it does not read', { skip }, () => {
  const objects = render({ values: ['chart-secrets'] });
  const byComponent = new Map(
    workloads(objects).map((each) => [each.component, environmentOf(each, objects)]),
  );

  assert.equal(byComponent.get('sessionizer')?.['PRECEDE_SESSION_KEY'], undefined);
  assert.equal(byComponent.get('enforcer')?.['PRECEDE_CONTROL_ADMIN_TOKEN'], undefined);
  assert.equal(byComponent.get('ingest')?.['PRECEDE_CLICKHOUSE_PASSWORD'], undefined);
  assert.equal(byComponent.get('control')?.['PRECEDE_SESSION_KEY'], undefined);
  assert.equal(byComponent.get('setup')?.['PRECEDE_SESSION_KEY'], undefined);
});
