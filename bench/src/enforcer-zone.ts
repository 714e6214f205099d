/** The zone of the enforcer's bench, and an enforcer that serves it from an embedded log in a temporary directory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConfigBody,
  type Operation,
  type OperationId,
  type RuleId,
  type SequenceRule,
  shortIdOf,
  topicSpecs,
  type ZoneId,
  type ZoneSettings,
  zoneDefaults,
} from '@precede/contracts';
import { enforcerFields, startEnforcer } from '@precede/enforcer';
import { configRecordOf, type EventLog, openEmbeddedLog } from '@precede/log';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  startTracing,
  systemClock,
  tracingFields,
} from '@precede/service';

export const zoneId = 'c'.repeat(32) as ZoneId;
const idOf = (n: number): OperationId =>
  `${(n * 0x0101_0101 + 1).toString(16).padStart(8, '0').slice(-8)}-0000-4000-8000-000000000000` as OperationId;

export const operationAt = (n: number): Operation => ({
  operationId: idOf(n),
  shortId: shortIdOf(idOf(n)),
  method: 'GET',
  host: 'shop.example.com',
  endpoint: n % 3 === 0 ? `/api/v1/thing${n}/{var1}/part` : `/api/v1/thing${n}`,
  lastUpdatedMs: 0,
});

/** Operations 0 … 19 end the rules, two or three alternatives each. */
const ruleOf = (i: number): SequenceRule => ({
  ruleId: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}` as RuleId,
  title: `rule ${i}`,
  kind: 'allow',
  action: 'block',
  start: idOf(20 + ((i * 7) % 40)),
  end: idOf(i % 20),
  position: i + 1,
  createdAtMs: 0,
  lastUpdatedMs: 0,
});

const operations = Array.from({ length: 60 }, (_, n) => operationAt(n));
export interface Zone {
  readonly operations: ReadonlyMap<OperationId, Operation>;
  readonly rules: readonly SequenceRule[];
}

export const shop: Zone = {
  operations: new Map(operations.map((each) => [each.operationId, each])),
  rules: Array.from({ length: 50 }, (_, i) => ruleOf(i)),
};
const zoneSettings: ZoneSettings = { name: 'bench', createdAtMs: 0, ...zoneDefaults, retiredShortIds: [] };

const writeZone = async (log: EventLog, zone: Zone): Promise<void> => {
  const bodies: ConfigBody[] = [
    ...[...zone.operations.values()].map(
      (operation): ConfigBody => ({ kind: 'operation', id: operation.operationId, operation }),
    ),
    ...zone.rules.map((rule): ConfigBody => ({ kind: 'sequence_rule', id: rule.ruleId, rule })),
    { kind: 'session_identifiers', id: 'all', identifiers: [{ type: 'cookie', name: 'sid' }] },
    { kind: 'zone', id: 'zone', settings: zoneSettings },
  ];
  const producer = await log.producer();
  const head = { zoneId, revision: 1, records: bodies.length };
  await producer.send(bodies.map((body) => configRecordOf(log.codec, { ...head, ...body })));
  await producer.close();
};

/** The configuration comes from the real log; decisions are encoded and then dropped, as the disk is not the question. */
const withoutDisk = (log: EventLog): EventLog => ({
  codec: log.codec,
  ensureTopics: (specs) => log.ensureTopics(specs),
  partitionCount: (topic) => log.partitionCount(topic),
  producer: async () => ({ send: async () => {}, close: async () => {} }),
  process: (options) => log.process(options),
  tail: (options) => log.tail(options),
  endOffsets: (topic) => log.endOffsets(topic),
  committedOffsets: (group, topic) => log.committedOffsets(group, topic),
  ping: (timeoutMs) => log.ping(timeoutMs),
  close: () => log.close(),
});

/** Resolves with the port once the zone is in force; `settings` are variables of the enforcer beside the usual ones. */
export interface EnforcerPorts {
  readonly http: number;
  readonly grpc: number;
}

export const runEnforcerServer = async (
  zone: Zone = shop,
  settings: Readonly<Record<string, string>> = {},
): Promise<EnforcerPorts> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
  const log = await openEmbeddedLog({ dir, partitions: 4 });
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  await log.ensureTopics(topicSpecs);
  await writeZone(log, zone);
  const config = loadConfig(enforcerFields, {
    PRECEDE_ENFORCER_HOST: '127.0.0.1',
    PRECEDE_ENFORCER_PORT: '0',
    PRECEDE_ENFORCER_GRPC_PORT: '0',
    PRECEDE_SESSION_KEY: '01'.repeat(32),
    PRECEDE_ENFORCER_DEADLINE: '10s',
    ...settings,
  });
  const health = createHealth();
  const logger = createLogger('bench', 'warn');
  const registry = createMetrics();
  const named = { name: 'enforcer', messagingSystem: 'precede', logger, registry };
  const tracing = await startTracing(loadConfig(tracingFields, settings), named);
  const service = await startEnforcer(config, {
    ...{ log: withoutDisk(log), logger, health, clock: systemClock, registry, tracing },
  });
  while (!health.isReady()) await new Promise((resolve) => setTimeout(resolve, 10));
  return { http: Number(new URL(service.address).port), grpc: service.grpcPort ?? 0 };
};
