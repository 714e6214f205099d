/** What every alert must have, whatever it watches. That each fires is asked by promtool.alerts.test.ts. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { root } from '@precede/testkit';
import { parse } from 'yaml';
import { type Alert, alertsFile, alertsOf, readGroups } from './alert-rules.ts';
import { missing } from './prometheus.ts';

const groups = readGroups();
const alerts = alertsOf(groups);
const except = (fits: (alert: Alert) => boolean): readonly string[] =>
  alerts.filter((each) => !fits(each)).map((each) => each.alert);

test('every alert has a severity, a summary with a full stop, a first step, and its runbook', () => {
  assert.ok(alerts.length > 40);
  assert.equal(new Set(alerts.map((each) => each.alert)).size, alerts.length);
  assert.deepEqual(
    except(({ labels }) => ['page', 'ticket'].includes(labels?.['severity'] ?? '')),
    [],
  );
  assert.deepEqual(
    except(({ annotations }) => /^[^\n]{20,}\.$/.test(annotations?.['summary'] ?? '')),
    [],
  );
  assert.deepEqual(
    except(({ annotations }) => (annotations?.['description'] ?? '').length > 20),
    [],
  );
  assert.deepEqual(
    except(
      ({ alert, annotations }) =>
        annotations?.['runbook_url'] === `docs/operations.md#${alert.toLowerCase()}`,
    ),
    [],
  );
});

test('every alert has a section of its own name in docs/operations.md that says what was seen', () => {
  const sections = readFileSync(`${root}docs/operations.md`, 'utf8').split(/^#+ /m);
  const sectionOf = (name: string): string | undefined =>
    sections.find((section) => section.startsWith(`${name}\n`));

  assert.deepEqual(
    except(({ alert }) => sectionOf(alert) !== undefined),
    [],
  );
  assert.deepEqual(
    except(({ alert }) => /\*Seen[^*]*\*/.test(sectionOf(alert) ?? '')),
    [],
  );
  const named = sections
    .map((section) => /^Precede[A-Z]\w+/.exec(section)?.[0])
    .filter((name) => name !== undefined);
  assert.deepEqual(
    named.filter((name) => !alerts.some(({ alert }) => alert === name)),
    [],
  );
});

test('every alert has a unit test that fires it and one in which it is quiet', () => {
  const names = unitTests().map(({ name }) => name);
  assert.deepEqual(
    except(({ alert }) => names.includes(`${alert} fires`)),
    [],
  );
  assert.deepEqual(
    except(({ alert }) => names.includes(`${alert} is quiet`)),
    [],
  );
});

test('rules name only metrics that the services have, those of the process, and what they record', () => {
  const telemetry = readFileSync(`${root}docs/telemetry.md`, 'utf8');
  const known = [...telemetry.matchAll(/^\| `(precede_\w+)`/gm)].map(([, name]) => name);
  const others = [
    'precede_build_info',
    'up',
    'process_start_time_seconds',
    'nodejs_eventloop_lag_p99_seconds',
  ];
  const recorded = groups.flatMap(({ rules }) => rules.map(({ record }) => record));
  const named = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricsIn(expr)));

  assert.ok(named.length > 60);
  const isKnown = (name: string): boolean => [...known, ...others, ...recorded].includes(name);
  assert.deepEqual(
    named.filter((name) => !isKnown(name) && !isKnown(name.replace(/_(bucket|count|sum)$/, ''))),
    [],
  );
});

test('rules rest on job and service: no selector names a pod, a namespace or an instance', () => {
  const matched = groups.flatMap(({ rules }) =>
    rules.flatMap(({ expr }) => [...expr.matchAll(/\b(instance|pod|namespace|container|cluster)(=|!|~)/g)]),
  );
  assert.deepEqual(matched, []);
  const raw = alerts.filter(({ expr }) => !expr.includes('job="precede"') && !expr.includes('precede:'));
  assert.deepEqual(
    raw.map(({ alert }) => alert),
    [],
  );
});

test('promtool finds no fault in the rules', (t) => {
  const reason = missing('promtool');
  assert.ok(reason === undefined || process.env['CI'] !== 'true', reason);
  if (reason !== undefined) return t.skip(reason);
  const { status, stderr } = spawnSync('promtool', [
    'check',
    'rules',
    '--lint=all',
    '--lint-fatal',
    alertsFile,
  ]);
  assert.equal(status, 0, stderr.toString());
});

const unitTests = (): readonly { readonly name: string }[] => {
  const dir = `${root}test/alerts`;
  const files = readdirSync(dir).filter((file) => file.endsWith('.test.yaml'));
  return files.flatMap(
    (file) => (parse(readFileSync(`${dir}/${file}`, 'utf8')) as { tests: { name: string }[] }).tests,
  );
};

/** Names before a brace or a bracket; one chosen by a pattern is all that the pattern names. */
const metricsIn = (expr: string): readonly string[] => {
  const patterns = [...expr.matchAll(/__name__=~"([^"]+)"/g)].flatMap(([, pattern = '']) => {
    const [, before = '', choices = '', after = ''] = /^(.*)\((.*)\)(.*)$/.exec(pattern) ?? [];
    return choices.split('|').map((choice) => before + choice + after);
  });
  const plain = [...expr.matchAll(/\b(precede:?[a-z_:]\w*|up|process_\w+|nodejs_\w+)(?=\{)/g)].map(
    ([, name = '']) => name,
  );
  const records = [...expr.matchAll(/\bprecede:\w+:\w+/g)].map(([name]) => name);
  return [...patterns, ...plain, ...records];
};
