/** The commands as a person runs them, from one embedded log to another. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import {
  bodiesOf,
  type Operation,
  type OperationId,
  type RuleId,
  type SequenceRule,
  type ShortId,
  topicSpecs,
  ZoneConfigs,
  type ZoneId,
  type ZoneSnapshot,
  zoneDefaults,
} from '@precede/contracts';
import { configRecordOf, openEmbeddedLog, tailConfig } from '@precede/log';
import { embeddedPartitions } from './embedded.ts';

const precede = async (...args: readonly string[]): Promise<{ code: number | null; said: string }> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    env: { ...process.env, PRECEDE_KAFKA_BROKERS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said: (await said).join('') };
};

const temporary = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-backup-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
};

const operationOf = (digit: string, endpoint: string): Operation => ({
  operationId: `${digit.repeat(8)}-0000-4000-8000-000000000000` as OperationId,
  shortId: Number.parseInt(digit.repeat(8), 16) as ShortId,
  method: 'POST',
  host: 'shop.example.com',
  endpoint,
  lastUpdatedMs: 1_700_000_000_000,
});

const shop = (): ZoneSnapshot => {
  const zoneId = 'a'.repeat(32) as ZoneId;
  const operations = [operationOf('1', '/cart'), operationOf('2', '/pay')] as const;
  const rule: SequenceRule = {
    ruleId: '00000000-0000-4000-8000-000000000001' as RuleId,
    ...({ title: 'cart before pay', kind: 'allow', action: 'block', position: 1 } as const),
    ...{ start: operations[0].operationId, end: operations[1].operationId, createdAtMs: 1, lastUpdatedMs: 2 },
  };
  return {
    zoneId,
    revision: 7,
    settings: { ...zoneDefaults, name: 'shop', createdAtMs: 3, retiredShortIds: [9 as ShortId] },
    operations: new Map(operations.map((each) => [each.operationId, each])),
    identifiers: [{ type: 'cookie', name: 'sid' }],
    rules: [rule],
    expressionRules: [],
    phases: new Map(),
    lists: new Map(),
    tokenConfigurations: new Map(),
  };
};

const open = async (data: string) => {
  const log = await openEmbeddedLog({ dir: join(data, 'log'), partitions: embeddedPartitions });
  await log.ensureTopics(topicSpecs);
  return log;
};

const write = async (data: string, { zoneId, revision, ...rest }: ZoneSnapshot): Promise<void> => {
  const log = await open(data);
  const bodies = bodiesOf({ zoneId, revision, ...rest });
  const producer = await log.producer();
  await producer.send(
    bodies.map((body) => configRecordOf(log.codec, { zoneId, revision, records: bodies.length, ...body })),
  );
  await log.close();
};

/** Revision and bodies, as plain values: decoded records have prototypes of their own. */
const told = (zones: readonly ZoneSnapshot[]): unknown =>
  JSON.parse(JSON.stringify(zones.map((zone) => [zone.revision, bodiesOf(zone)])));

const read = async (data: string): Promise<ZoneSnapshot[]> => {
  const log = await open(data);
  const zones = new ZoneConfigs();
  const tail = await tailConfig(log, {
    onChanges: (changes) => changes.forEach((change) => void zones.apply(change)),
    onUnreadable: assert.fail,
  });
  await tail.caughtUp;
  await log.close();
  return [...zones.all()];
};

test('what was backed up is restored under its ids, into an instance without zones alone', async (t) => {
  const dir = temporary(t);
  const [from, to, file] = [join(dir, 'from'), join(dir, 'to'), join(dir, 'config.json')];
  await write(from, shop());

  const backedUp = await precede('backup', file, '--data', from);
  assert.deepEqual(backedUp, { code: 0, said: `1 zones written to ${file}\n` });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const restored = await precede('restore', file, '--data', to);
  assert.equal(restored.code, 0, restored.said);
  assert.deepEqual(told(await read(to)), told([{ ...shop(), revision: 1_007 }]));

  const again = await precede('restore', file, '--data', to);
  assert.equal(again.code, 4);
  assert.match(again.said, /the log has 1 zones already/);
  const overwritten = await precede('backup', file, '--data', from);
  assert.equal(overwritten.code, 4);
  assert.match(overwritten.said, /is there already; --force writes over it/);
});

test('a file that was changed, is of a newer release or is something else changes nothing', async (t) => {
  const dir = temporary(t);
  const [from, file] = [join(dir, 'from'), join(dir, 'config.json')];
  await write(from, shop());
  await precede('backup', file, '--data', from);
  const whole = readFileSync(file, 'utf8');
  const bad: [RegExp, string][] = [
    [/its digest does not fit/, whole.replace('/cart', '/cars')],
    [/it is not JSON/, whole.slice(0, -100)],
    [/it has format 2, of release .*this release reads up to 1/, whole.replace('"format": 1', '"format": 2')],
    [/no backup of a configuration/, '{}'],
  ];

  for (const [message, content] of bad) {
    writeFileSync(file, content);
    const refused = await precede('restore', file, '--data', join(dir, 'to'));
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, message);
  }
  assert.deepEqual(await read(join(dir, 'to')), []);
});
