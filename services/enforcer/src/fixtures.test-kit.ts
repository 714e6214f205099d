/** What the enforcer's tests share: zones as change sets on a real embedded log, and an enforcer over it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bodiesOf,
  type ConfigRecord,
  type DecisionMade,
  decisionFromAvro,
  type Operation,
  type OperationId,
  type RuleId,
  type SequenceRule,
  type SessionIdentifier,
  shortIdOf,
  Topic,
  topicSpecs,
  type ZoneId,
  type ZoneSettings,
  type ZoneSnapshot,
  zoneDefaults,
} from '@precede/contracts';
import { configRecordOf, type EventLog, openEmbeddedLog } from '@precede/log';
import { createHealth, createLogger, loadConfig, type RunningService } from '@precede/service';
import { Tokens } from '@precede/tokens';
import { Registry } from 'prom-client';
import { enforcerFields } from './config.ts';
import { type EnforcerDeps, startEnforcer } from './enforcer.ts';

export const zone = 'a'.repeat(32) as ZoneId;
export const otherZone = 'b'.repeat(32) as ZoneId;
export const host = 'api.example.com';
export const masterKey = Buffer.alloc(32, 1);

export const noTokens = new Tokens({ onOutcome: () => {}, onLoad: () => {} });

export const operationOf = (name: string, method: Operation['method'] = 'GET'): Operation => {
  const hex = Buffer.from(name.padEnd(4, '.').slice(0, 4)).toString('hex');
  const operationId = `${hex}-0000-4000-8000-000000000000` as OperationId;
  return {
    operationId,
    shortId: shortIdOf(operationId),
    method,
    host,
    endpoint: `/${name}`,
    lastUpdatedMs: 0,
  };
};

export const ruleOf = (
  position: number,
  start: string,
  end: string,
  more: Partial<Pick<SequenceRule, 'kind' | 'action' | 'title'>> = {},
): SequenceRule => ({
  ruleId: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}` as RuleId,
  title: `${start} before ${end}`,
  kind: 'allow',
  action: 'block',
  start: operationOf(start).operationId,
  end: operationOf(end).operationId,
  position,
  createdAtMs: 0,
  lastUpdatedMs: 0,
  ...more,
});

export const cookieSession: readonly SessionIdentifier[] = [{ type: 'cookie', name: 'sid' }];

export const zoneSettings: ZoneSettings = {
  name: 'shop',
  createdAtMs: 0,
  ...zoneDefaults,
  retiredShortIds: [],
};

export const snapshotOf = (
  operations: readonly Operation[],
  rules: readonly SequenceRule[],
  more: Partial<ZoneSnapshot> = {},
): ZoneSnapshot => ({
  zoneId: zone,
  revision: 1,
  settings: zoneSettings,
  operations: new Map(operations.map((each) => [each.operationId, each])),
  identifiers: cookieSession,
  rules,
  expressionRules: [],
  phases: new Map(),
  lists: new Map(),
  tokenConfigurations: new Map(),
  ...more,
});

/** A snapshot as a change set: its bodies, then the zone record that completes it. */
const changeSet = (snapshot: ZoneSnapshot): ConfigRecord[] => {
  const bodies = bodiesOf(snapshot);
  const { zoneId, revision } = snapshot;
  return bodies.map((body) => ({ zoneId, revision, records: bodies.length, ...body }));
};

export const sendConfig = async (log: EventLog, records: readonly ConfigRecord[]): Promise<void> => {
  const producer = await log.producer();
  await producer.send(records.map((record) => configRecordOf(log.codec, record)));
  await producer.close();
};

/** The records are those of the snapshot; rules of the zone that are `gone` become tombstones. */
export const writeZone = (
  log: EventLog,
  snapshot: ZoneSnapshot,
  gone: readonly SequenceRule[] = [],
): Promise<void> => {
  const { zoneId, revision } = snapshot;
  const head = { zoneId, revision, records: changeSet(snapshot).length + gone.length };
  const tombstones = gone.map(
    (rule): ConfigRecord => ({ ...head, kind: 'sequence_rule', id: rule.ruleId, rule: null }),
  );
  return sendConfig(log, [...tombstones, ...changeSet(snapshot).map((record) => ({ ...record, ...head }))]);
};

export const deleteZone = (log: EventLog, zoneId: ZoneId, revision: number): Promise<void> =>
  sendConfig(log, [{ zoneId, revision, records: 1, kind: 'zone', id: 'zone', settings: null }]);

export interface Dir {
  readonly path: string;
  remove(): void;
}

export const temporaryDir = (): Dir => {
  const path = mkdtempSync(join(tmpdir(), 'precede-enforcer-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

export const openLog = async (dir: string): Promise<EventLog> => {
  const log = await openEmbeddedLog({ dir, partitions: 2 });
  await log.ensureTopics(topicSpecs);
  return log;
};

/** Fails after 30 s. */
export const until = async <T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> => {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(10);
  }
  throw new Error('waited 30 s in vain');
};

export const configOf = (env: Readonly<Record<string, string>> = {}) =>
  loadConfig(enforcerFields, {
    PRECEDE_ENFORCER_HOST: '127.0.0.1',
    PRECEDE_ENFORCER_PORT: '0',
    PRECEDE_SESSION_KEY: masterKey.toString('hex'),
    // Tests run beside other work: only the tests of the deadline mean it.
    PRECEDE_ENFORCER_DEADLINE: '60s',
    ...env,
  });

export interface Enforcer extends RunningService {
  readonly registry: Registry;
  ask(body: Readonly<Record<string, unknown>>, path?: string): Promise<{ status: number; body: Reply }>;
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export interface Reply {
  readonly decision: 'allow' | 'deny';
  readonly decision_id: string;
  readonly rule_id: string | null;
  readonly reason: string;
  readonly operation: { readonly operation_id: string } | null;
  readonly logged: readonly string[];
  readonly session: boolean;
  readonly failed?: string;
  readonly error: { readonly code: string; readonly message: string; readonly pointer?: string };
}

const running = new Set<RunningService>();

/** Also of a test that failed: an open server would keep the test process alive. */
export const closeAll = async (): Promise<void> => {
  for (const service of running) await service.close();
  running.clear();
};

export const startTest = async (
  log: EnforcerDeps['log'],
  env: Readonly<Record<string, string>> = {},
  more: Partial<EnforcerDeps> = {},
): Promise<Enforcer> => {
  const registry = new Registry();
  const service = await startEnforcer(configOf(env), {
    log,
    registry,
    logger: createLogger('enforcer', 'silent'),
    health: createHealth(),
    clock: { now: () => Date.now() },
    ...more,
  });
  running.add(service);
  return {
    ...service,
    registry,
    ask: async (body, path = '/v1/decide') => {
      const response = await fetch(`${service.address}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Reply };
    },
    metric: (name, labels = {}) => metricIn(registry, name, labels),
  };
};

/** The sum over all series of `precede_enforcer_<name>` that carry these labels. */
export const metricIn = async (
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const all = await registry.getMetricsAsJSON();
  const found = all.find((each) => each.name === `precede_enforcer_${name}`);
  if (found === undefined) throw new Error(`no metric ${name}`);
  const values = found.values as readonly { value: number; labels: Record<string, unknown> }[];
  return values
    .filter((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
    .reduce((sum, each) => sum + each.value, 0);
};

export const ready = (enforcer: RunningService): Promise<true> =>
  until(() => enforcer.health.isReady() && (true as const));

/** Waits until the log, not only the disk, is behind the snapshots. */
export const following = (enforcer: RunningService): Promise<true> =>
  until(() => enforcer.health.conditions()['config']?.ok === true && (true as const));

/** All decisions in the log now. */
export const decisionsIn = async (log: EventLog): Promise<DecisionMade[]> => {
  const found: DecisionMade[] = [];
  const tail = await log.tail({
    topic: Topic.decisions,
    onRecords: async (records) => {
      await log.codec.prepare(
        Topic.decisions,
        records.map((record) => record.value),
      );
      for (const record of records)
        if (record.value !== null)
          found.push(decisionFromAvro(log.codec.decode(Topic.decisions, record.value)));
    },
  });
  await tail.caughtUp;
  await tail.close();
  return found;
};
