import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { rendered, written } from './build.ts';
import { dashboards } from './dashboards.ts';
import { anchorOf } from './kit/runbook.ts';

const operations = readFileSync(
  fileURLToPath(new URL('../../../docs/operations.md', import.meta.url)),
  'utf8',
);
const anchors = new Set([...operations.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
const uids = new Set(dashboards.map(({ uid }) => uid));

/** Rows have panels only where they are collapsed, and none of ours is. */
const all = (dashboard: Dashboard): readonly Panel[] => (dashboard.panels ?? []) as readonly Panel[];
const panels = (dashboard: Dashboard): readonly Panel[] =>
  all(dashboard).filter(({ type }) => type !== 'row');
const at = ({ gridPos }: Panel) => gridPos ?? { x: -1, y: -1, w: 0, h: 0 };

const overlap = (one: Panel, other: Panel): boolean => {
  const [a, b] = [at(one), at(other)];
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
};

/** Every address that a text holds, wherever it stands in the dashboard. */
const addresses = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, address = '']) => address);

test('the files that Helm and compose read are what the builders say (npm run dashboards writes them)', () => {
  assert.deepEqual(written(), rendered());
});

test('a dashboard is found again: address, version and schema are told, and no id of somebody else', () => {
  assert.equal(uids.size, dashboards.length);
  for (const { uid, title, tags, version, schemaVersion, id, editable } of dashboards) {
    assert.match(uid ?? '', /^precede-[a-z]+$/);
    assert.match(title ?? '', /^Precede \/ /);
    assert.ok(tags?.includes('precede'));
    assert.ok((version ?? 0) >= 1);
    assert.deepEqual({ schemaVersion, id, editable }, { schemaVersion: 41, id: undefined, editable: false });
  }
});

for (const dashboard of dashboards) {
  const { title } = dashboard;

  test(`${title}: panels fill their lines, without gap or overlap, and have ids of their own`, () => {
    const placed = all(dashboard);
    assert.equal(new Set(placed.map(({ id }) => id)).size, placed.length);
    for (const [place, panel] of placed.entries()) {
      const { x, w, h } = at(panel);
      assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, `${panel.title} lies outside`);
      for (const other of placed.slice(place + 1))
        assert.ok(!overlap(panel, other), `${panel.title} lies on ${other.title}`);
    }
    const widths = Map.groupBy(placed, (panel) => at(panel).y);
    for (const [y, line] of widths)
      assert.equal(
        line.reduce((sum, panel) => sum + at(panel).w, 0),
        24,
        `line ${y}: ${line.map((panel) => panel.title).join(', ')}`,
      );
  });

  test(`${title}: every panel says what it means, in which unit, and asks a data source of the reader`, () => {
    for (const panel of panels(dashboard)) {
      const { title: name, description = '', fieldConfig, datasource, targets = [] } = panel;
      assert.match(description, /^\S.{20,}\.$/s, `${name}: ${description}`);
      assert.ok(fieldConfig?.defaults.unit, `${name} has no unit`);
      assert.ok(targets.length > 0, `${name} asks nothing`);
      for (const source of [datasource, ...targets.map((target) => Object(target).datasource)])
        assert.match(source?.uid ?? '', /^\$\{(datasource|clickhouse)\}$/, name);
    }
    const names = panels(dashboard).map((panel) => panel.title);
    assert.deepEqual(
      names.filter((name, place) => names.indexOf(name) !== place),
      [],
    );
  });

  test(`${title}: every variable that is used is declared, and every one declared is used`, () => {
    const declared = (dashboard.templating?.list ?? []).map(({ name }) => name);
    const text = JSON.stringify(dashboard);
    const used = new Set(addresses(text, /\$\{?([a-z]\w*)/g));

    assert.deepEqual(
      [...used].filter((name) => !declared.includes(name)),
      [],
    );
    assert.deepEqual(
      declared.filter((name) => !used.has(name)),
      [],
    );
  });

  test(`${title}: links lead to headings of docs/operations.md and to dashboards that exist`, () => {
    const text = JSON.stringify(dashboard);
    const headings = addresses(text, /\$\{runbook\}#([^"\\]+)/g);
    const boards = addresses(text, /"\/d\/([^"?]+)/g);

    assert.deepEqual(
      headings.filter((anchor) => !anchor.includes('${') && !anchors.has(anchor)),
      [],
    );
    assert.deepEqual(
      boards.filter((uid) => !uid.includes('${') && !uids.has(uid)),
      [],
    );
  });

  test(`${title}: fits a ConfigMap and its annotation, and holds no address of Grafana's makers`, () => {
    const text = rendered().get(`${dashboard.uid}.json`) ?? '';
    assert.ok(text.length < 200_000, `${text.length}`);
    assert.doesNotMatch(text, /grafana\.(net|com)|grafanacloud|__inputs/);
  });
}

test('every service of the overview has the dashboard that its row leads to', () => {
  for (const service of ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control']) {
    assert.ok(uids.has(`precede-${service}`));
    assert.ok(existsSync(fileURLToPath(new URL(`../../../services/${service}`, import.meta.url))));
  }
});
