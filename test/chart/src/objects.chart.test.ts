import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helmIsMissing, kubeVersions, lint, render, template, valuesFiles } from './helm.ts';
import { kubeSchemas, releaseSchemas } from './kube-schemas.ts';

const skip = helmIsMissing();

for (const name of valuesFiles())
  test(`helm lint --strict finds nothing with ci/${name}-values.yaml`, { skip }, () => {
    const { status, stdout, stderr } = lint(name);

    assert.equal(status, 0, stdout + stderr);
  });

for (const kube of kubeVersions)
  test(`every object of every values file is one that Kubernetes ${kube} takes, without unknown fields`, {
    skip,
  }, () => {
    const schemas = releaseSchemas(kube);

    for (const name of valuesFiles())
      for (const object of render({ values: [name], kube }))
        assert.deepEqual(schemas.faults(object), [], name);
  });

/** Only tools/helm/check-on-server.sh has a server to hold them against; elsewhere this is no test that was left out. */
const served = process.env['PRECEDE_TEST_KUBE_SCHEMAS'];
if (served !== undefined)
  test('every object is one that the running API server takes', { skip }, () => {
    const schemas = kubeSchemas(served);

    for (const name of valuesFiles())
      for (const object of render({ values: [name] })) assert.deepEqual(schemas.faults(object), [], name);
  });

test('the schemas refuse an unknown field, at the top of a pod and in a custom resource', { skip }, () => {
  const schemas = releaseSchemas(kubeVersions[1]);
  const objects = [...render(), ...render({ values: ['podmonitor'] })];
  const change = (kind: string, by: (spec: Record<string, unknown>) => void) => {
    const object = structuredClone(objects.find((each) => each.kind === kind));
    assert.ok(object);
    by(object.spec);
    return schemas.faults(object).length;
  };

  assert.ok(change('Deployment', (spec) => Object.assign(spec, { replica: 2 })) > 0);
  assert.ok(change('Pod', (spec) => Object.assign(spec, { restartpolicy: 'Never' })) > 0);
  assert.ok(change('PodMonitor', (spec) => Object.assign(spec, { podMetricEndpoints: [] })) > 0);
});

test('helm 3 renders what helm 4 renders', { skip }, () => {
  for (const name of valuesFiles())
    assert.deepEqual(render({ values: [name], program: 'helm3' }), render({ values: [name] }), name);
});

test('rendering twice, and for an upgrade, makes the same to the letter: nothing is drawn or dated', {
  skip,
}, () => {
  for (const name of ['minimal', 'chart-secrets']) {
    const first = template({ values: [name] });

    assert.equal(template({ values: [name] }), first, name);
    assert.equal(template({ values: [name], more: ['--is-upgrade'] }), first, name);
  }
});
