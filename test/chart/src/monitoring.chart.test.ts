import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { chart } from './generated.ts';
import { helmIsMissing, type Rendered, render } from './helm.ts';
import { services } from './workloads.ts';

const skip = helmIsMissing();

const one = (objects: readonly Rendered[], kind: string): Rendered => {
  const found = objects.filter((object) => object.kind === kind);
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0] as Rendered;
};

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined || process.env['CI'] === 'true';

test('the PrometheusRule is the rule file to the letter, and promtool takes it', {
  skip: hasPromtool ? skip : 'promtool is not installed (Debian: prometheus)',
}, () => {
  const { spec } = one(render({ values: ['monitoring'] }), 'PrometheusRule');
  const folder = mkdtempSync(join(tmpdir(), 'precede-rules-'));
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, stringify(spec));

  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });

  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /SUCCESS: [1-9]\d* rules found/);
  assert.deepEqual(spec, parse(readFileSync(`${chart}/files/alerts.yaml`, 'utf8')));
});

test('each dashboard is a ConfigMap of its own that the sidecar finds', { skip }, () => {
  const files = readdirSync(`${chart}/files/dashboards`).filter((file) => file.endsWith('.json'));

  const maps = render({ values: ['monitoring'] }).filter(
    ({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1',
  );

  const rendered = maps.flatMap(({ data }) => Object.entries(data ?? {}));
  assert.deepEqual(rendered.map(([name]) => name).sort(), files.sort());
  for (const [name, text] of rendered)
    assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(`${chart}/files/dashboards/${name}`, 'utf8')));
  // A ConfigMap holds a MiB.
  for (const { data } of maps) assert.ok(JSON.stringify(data).length < 1_000_000);
});

test('alerts and dashboards lead to where the runbook is said to be', { skip }, () => {
  const runbookUrl = 'https://docs.example.com/precede/operations';

  const objects = render({ values: ['monitoring'], set: { 'monitoring.runbookUrl': runbookUrl } });

  const alerts = one(objects, 'PrometheusRule')
    .spec.groups.flatMap(({ rules }: { rules: { alert?: string }[] }) => rules)
    .filter(({ alert }: { alert?: string }) => alert !== undefined);
  assert.ok(alerts.length > 0);
  for (const { annotations } of alerts) assert.ok(annotations.runbook_url.startsWith(`${runbookUrl}#`));
  const boards = objects.filter(({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1');
  for (const text of boards.flatMap(({ data }) => Object.values(data ?? {})))
    assert.ok(text.includes(runbookUrl) && !text.includes('docs/operations.md'));
});

/** As the Prometheus operator reads a selector. */
const selects = (selector: Rendered['spec'], labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector.matchLabels).every(([name, value]) => labels[name] === value) &&
  selector.matchExpressions.every(({ key, values }: { key: string; values: string[] }) =>
    values.includes(labels[key] ?? ''),
  );

test('the ServiceMonitor finds the five services, once each', { skip }, () => {
  const objects = render({ values: ['monitoring'] });
  const { spec } = one(objects, 'ServiceMonitor');

  const found = objects
    .filter(({ kind, metadata }) => kind === 'Service' && selects(spec.selector, metadata.labels ?? {}))
    .map(({ metadata }) => metadata.name);

  assert.deepEqual(found.sort(), services.map((name) => `precede-${name}`).sort());
});

test('the PodMonitor finds the pods of the five services and no job', { skip }, () => {
  const objects = render({ values: ['podmonitor'] });
  const { spec } = one(objects, 'PodMonitor');

  const found = objects
    .filter((object) => selects(spec.selector, object.spec?.template?.metadata?.labels ?? {}))
    .map(({ metadata }) => metadata.name);

  assert.deepEqual(found.sort(), services.map((name) => `precede-${name}`).sort());
});

test('targets are named by the two labels that alerts and dashboards rest on', { skip }, () => {
  const monitor = one(render({ values: ['monitoring'] }), 'ServiceMonitor').spec.endpoints[0];
  const pods = one(render({ values: ['podmonitor'] }), 'PodMonitor').spec.podMetricsEndpoints[0];

  for (const [endpoint, meta] of [
    [monitor, 'service'],
    [pods, 'pod'],
  ] as const)
    assert.deepEqual(endpoint.relabelings, [
      { targetLabel: 'job', replacement: 'precede' },
      {
        sourceLabels: [`__meta_kubernetes_${meta}_label_app_kubernetes_io_component`],
        targetLabel: 'service',
      },
    ]);
});
