import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { configRecord, operation, rule, settings } from './avro.test-arbitraries.ts';
import type { OperationId, RuleId, ZoneId } from './ids.ts';
import {
  bodiesOf,
  type ConfigBody,
  type ConfigRecord,
  ZoneConfigs,
  type ZoneSettings,
  zoneDefaults,
} from './zone-config.ts';

const zone = 'a'.repeat(32) as ZoneId;
const other = 'b'.repeat(32) as ZoneId;
const named = (name: string): ZoneSettings => ({
  ...zoneDefaults,
  name,
  createdAtMs: 0,
  retiredShortIds: [],
});
const record = (body: ConfigBody, revision = 1, zoneId = zone): ConfigRecord => ({
  zoneId,
  revision,
  records: 1,
  ...body,
});
const closing = (name: string, revision = 1, zoneId = zone): ConfigRecord =>
  record({ kind: 'zone', id: zoneId, settings: named(name) }, revision, zoneId);
const operationBody = (id: string): ConfigBody => ({
  kind: 'operation',
  id,
  operation: { ...fc.sample(operation, 1)[0], operationId: id as OperationId } as never,
});

test('shows a change only when the zone record completes its revision', () => {
  const configs = new ZoneConfigs();

  assert.equal(configs.apply(record(operationBody('one'))), undefined);
  assert.equal(configs.get(zone), undefined);
  assert.equal(configs.apply(closing('first')), zone);
  assert.deepEqual([...(configs.get(zone)?.operations.keys() ?? [])], ['one']);

  configs.apply(record(operationBody('two'), 2));
  assert.equal(configs.get(zone)?.operations.size, 1);
  configs.apply(closing('second', 2));
  assert.equal(configs.get(zone)?.operations.size, 2);
  assert.equal(configs.get(zone)?.revision, 2);
});

test('a snapshot once given does not change any more', () => {
  const configs = new ZoneConfigs();
  configs.apply(closing('first'));
  const before = configs.get(zone);

  configs.apply(record(operationBody('one'), 2));
  configs.apply(closing('second', 2));

  assert.equal(before?.operations.size, 0);
  assert.equal(before?.settings.name, 'first');
});

test('a tombstone of a record takes it away, one of the zone everything', () => {
  const configs = new ZoneConfigs();
  configs.apply(record(operationBody('one')));
  configs.apply(closing('first'));

  configs.apply(record({ kind: 'operation', id: 'one', operation: null }, 2));
  configs.apply(closing('second', 2));
  assert.equal(configs.get(zone)?.operations.size, 0);

  assert.equal(configs.apply(record({ kind: 'zone', id: zone, settings: null }, 3)), zone);
  assert.equal(configs.get(zone), undefined);
  assert.deepEqual([...configs.all()], []);
});

test('zones do not see each other', () => {
  const configs = new ZoneConfigs();
  configs.apply(record(operationBody('one')));
  configs.apply(closing('other', 1, other));

  assert.equal(configs.get(zone), undefined);
  assert.equal(configs.get(other)?.operations.size, 0);
});

test('rules stand in the order of their positions', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), (rules) => {
      const configs = new ZoneConfigs();
      for (const r of rules) configs.apply(record({ kind: 'sequence_rule', id: r.ruleId, rule: r }));
      configs.apply(closing('z'));

      const positions = configs.get(zone)?.rules.map((r) => r.position) ?? [];
      assert.deepEqual(
        positions,
        [...positions].sort((a, b) => a - b),
      );
      assert.equal(positions.length, new Set(rules.map((r) => r.ruleId)).size);
    }),
  );
});

/** A few operations and rules written, overwritten and deleted, each change set closed by its zone record. */
const changes = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('operation' as const),
      id: fc.constantFrom('a', 'b', 'c'),
      operation: fc.option(operation),
    }),
    fc.record({
      kind: fc.constant('sequence_rule' as const),
      id: fc.constantFrom('a', 'b'),
      rule: fc.option(rule),
    }),
    fc.record({ kind: fc.constant('zone' as const), id: fc.constant('z'), settings }),
  ),
  { maxLength: 30 },
);

test('compaction changes nothing: the newest record of each key in log order gives the same snapshot', () => {
  fc.assert(
    fc.property(changes, (bodies) => {
      const log = [...bodies.map((body, i) => record(body as ConfigBody, i)), closing('end', 1_000)];
      const newest = new Map(log.map((r, i) => [`${r.kind}/${r.kind === 'zone' ? '' : r.id}`, i]));
      const compacted = log.filter((r, i) => newest.get(`${r.kind}/${r.kind === 'zone' ? '' : r.id}`) === i);

      assert.deepEqual(sorted(fold(compacted)), sorted(fold(log)));
    }),
  );
});

const fold = (records: readonly ConfigRecord[]): ZoneConfigs => {
  const configs = new ZoneConfigs();
  for (const r of records) configs.apply(r);
  return configs;
};

const sorted = (configs: ZoneConfigs): unknown => {
  const snapshot = configs.get(zone);
  const byId = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);
  const rules = snapshot?.rules.map((r): [RuleId, unknown] => [r.ruleId, r]).sort(byId);
  return { ...snapshot, operations: [...(snapshot?.operations ?? [])].sort(byId), rules };
};

test('the bodies of a snapshot, folded again, make the same snapshot', () => {
  fc.assert(
    fc.property(fc.array(configRecord, { maxLength: 30 }), (records) => {
      const configs = new ZoneConfigs();
      for (const each of records) configs.apply({ ...each, ...keyed(each), zoneId: zone } as ConfigRecord);
      configs.apply(closing('last', 7));
      const before = configs.get(zone);
      assert.ok(before !== undefined);

      const again = new ZoneConfigs();
      for (const body of bodiesOf(before)) again.apply(record(body, 7));

      assert.deepEqual(again.get(zone), before);
    }),
  );
});

/** Under the id that control gives it. */
const keyed = (each: ConfigRecord): { id: string } => {
  const id = (of: string | undefined): { id: string } => ({ id: of ?? each.id });
  switch (each.kind) {
    case 'operation':
      return id(each.operation?.operationId);
    case 'sequence_rule':
      return id(each.rule?.ruleId);
    case 'expression_rule':
      return id(each.expressionRule?.ruleId);
    case 'phase':
      return id(each.phase?.phase);
    case 'named_list':
      return id(each.list?.listId);
    case 'token_configuration':
      return id(each.tokenConfiguration?.configId);
    default:
      return id(zone);
  }
};
