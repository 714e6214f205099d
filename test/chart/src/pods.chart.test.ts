import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helmIsMissing, type Rendered, render, valuesFiles } from './helm.ts';
import { environmentOf, services, workloads } from './workloads.ts';

const skip = helmIsMissing();
const everywhere = (check: (objects: readonly Rendered[], values: string) => void) => () => {
  for (const values of valuesFiles()) check(render({ values: [values] }), values);
};
const isService = (component: string): boolean => (services as readonly string[]).includes(component);

test(
  'every pod runs as nobody special, without rights, tokens or a file system to write to',
  {
    skip,
  },
  everywhere((objects, values) => {
    for (const { spec, object } of workloads(objects)) {
      const where = `${values}: ${object.kind} ${object.metadata.name}`;
      const [container] = spec.containers;
      assert.deepEqual(spec.securityContext.seccompProfile, { type: 'RuntimeDefault' }, where);
      assert.equal(spec.securityContext.runAsNonRoot, true, where);
      assert.equal(spec.securityContext.runAsUser, 1000, where);
      assert.equal(spec.automountServiceAccountToken, false, where);
      assert.equal(spec.enableServiceLinks, false, where);
      assert.deepEqual(container.securityContext.capabilities, { drop: ['ALL'] }, where);
      assert.equal(container.securityContext.readOnlyRootFilesystem, true, where);
      assert.equal(container.securityContext.allowPrivilegeEscalation, false, where);
    }
  }),
);

test(
  'every service has its three probes, and is given longer to end than it takes',
  {
    skip,
  },
  everywhere((objects, values) => {
    for (const workload of workloads(objects).filter(({ component }) => isService(component))) {
      const [container] = workload.spec.containers;
      const { startupProbe, livenessProbe, readinessProbe } = container;
      assert.ok(startupProbe.periodSeconds * startupProbe.failureThreshold >= 90, values);
      assert.equal(livenessProbe.httpGet.path, '/livez');
      assert.equal(readinessProbe.httpGet.path, '/readyz');
      const drain = Number(environmentOf(workload, objects)['PRECEDE_DRAIN']?.replace('s', ''));
      // Closing ends itself after 25 s.
      assert.ok(workload.spec.terminationGracePeriodSeconds >= drain + 30, `${values} ${workload.component}`);
    }
  }),
);

test('the enforcer answers on while gateways turn away, consumers give their partitions up at once', {
  skip,
}, () => {
  const objects = render();
  const drains = workloads(objects)
    .filter(({ component }) => isService(component))
    .map((each) => [each.component, environmentOf(each, objects)['PRECEDE_DRAIN']]);

  assert.deepEqual(Object.fromEntries(drains), {
    ingest: '5s',
    sessionizer: '0s',
    scorer: '0s',
    enforcer: '10s',
    control: '2s',
  });
});

test(
  'selectors are name, instance and component, whatever labels are set, as they can never change',
  {
    skip,
  },
  everywhere((objects, values) => {
    const workloadsOfServices = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
    for (const { spec, metadata } of workloadsOfServices) {
      const component = metadata.labels?.['app.kubernetes.io/component'];
      const selector = {
        'app.kubernetes.io/name': 'precede',
        'app.kubernetes.io/instance': 'precede',
        'app.kubernetes.io/component': component,
      };
      assert.deepEqual(spec.selector.matchLabels, selector, values);
      for (const [name, value] of Object.entries(selector))
        assert.equal(spec.template.metadata.labels[name], value, values);
    }
  }),
);

test('every object carries the labels that are set for all, every pod its own', { skip }, () => {
  const objects = render({ values: ['scheduling'] });

  for (const { kind, metadata } of objects) {
    assert.equal(metadata.labels?.['team'], 'platform', `${kind} ${metadata.name}`);
    assert.equal(metadata.annotations?.['contact'], 'platform@example.com', `${kind} ${metadata.name}`);
  }
  for (const { object } of workloads(objects).filter(({ object }) => object.kind !== 'Pod'))
    assert.equal(object.spec.template.metadata.labels['cost-centre'], 'api');
});

test('control is one pod that is replaced, and no budget holds a single pod up', { skip }, () => {
  const objects = render({ set: { 'scorer.replicas': 1 } });
  const control = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'precede-control',
  );
  const budgets = objects
    .filter(({ kind }) => kind === 'PodDisruptionBudget')
    .map(({ metadata }) => metadata.name);

  assert.equal(control?.spec.replicas, 1);
  assert.deepEqual(control?.spec.strategy, { type: 'Recreate' });
  assert.deepEqual(budgets.sort(), ['precede-enforcer', 'precede-ingest', 'precede-sessionizer']);
});

test('what is scaled by something else has no number of pods of its own', { skip }, () => {
  const scaled = ['hpa', 'keda'].flatMap((values) =>
    render({ values: [values] })
      .filter(({ kind, spec }) => kind === 'Deployment' && spec.replicas === undefined)
      .map(({ metadata }) => `${values} ${metadata.name}`),
  );

  assert.deepEqual(scaled.sort(), [
    'hpa precede-enforcer',
    'hpa precede-ingest',
    'hpa precede-sessionizer',
    'keda precede-scorer',
    'keda precede-sessionizer',
  ]);
});

test('a pod is started anew when its settings or its secrets in the values change, and by nothing else', {
  skip,
}, () => {
  const checksums = (set: Readonly<Record<string, unknown>>) =>
    new Map(
      render({ values: ['chart-secrets'], set })
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata, spec }) => [metadata.name, spec.template.metadata.annotations['checksum/config']]),
    );
  const changed = (set: Readonly<Record<string, unknown>>) => {
    const before = checksums({});
    const after = checksums(set);
    return [...after].filter(([name, sum]) => before.get(name) !== sum).map(([name]) => name);
  };

  assert.deepEqual(changed({ 'ingest.settings': { PRECEDE_INGEST_MAX_BODY: '1MiB' } }), ['precede-ingest']);
  assert.deepEqual(changed({ 'auth.adminToken.value': 'another-admin-token' }), ['precede-control']);
  assert.deepEqual(changed({ 'clickhouse.password.value': 'other' }).sort(), [
    'precede-control',
    'precede-scorer',
  ]);
  assert.deepEqual(changed({ 'ingest.replicas': 9, 'tests.enabled': false }), []);
});

test('the jobs run before everything else, topics first, with what they read made by the same hook', {
  skip,
}, () => {
  const objects = render({ values: ['chart-secrets'] });
  const hooks = objects
    .filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'pre-install,pre-upgrade')
    .map(({ kind, metadata }) => ({
      id: `${kind} ${metadata.name}`,
      weight: Number(metadata.annotations?.['helm.sh/hook-weight']),
    }));
  const order = hooks.sort((a, b) => a.weight - b.weight || a.id.localeCompare(b.id)).map(({ id }) => id);

  assert.deepEqual(order, [
    'ConfigMap precede-setup',
    'Secret precede-setup',
    'ServiceAccount precede-setup',
    'Job precede-topics',
    'Job precede-migrate',
  ]);
});
