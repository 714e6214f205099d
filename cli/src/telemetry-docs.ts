/** Writes docs/telemetry.md from the registries of the services and the notes beside this file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createControlMetrics } from '@precede/control';
import { createEnforcerMetrics } from '@precede/enforcer';
import { createIngestMetrics } from '@precede/ingest';
import { createScorerMetrics } from '@precede/scorer';
import {
  createBudgetMetrics,
  createClickHouseMetrics,
  createConditionMetrics,
  createHealth,
  createMetrics,
  logMetricsOf,
  systemClock,
} from '@precede/service';
import { createSessionizerMetrics } from '@precede/sessionizer';
import { type Note, notes } from './telemetry-notes.ts';
import { traces } from './telemetry-traces.ts';

const path = fileURLToPath(new URL('../../docs/telemetry.md', import.meta.url));

type Registry = ReturnType<typeof createMetrics>;

/** One instrument as a registry has it; `service` is its group where several services have it. */
export interface Instrument {
  readonly service: string;
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const fillers: Readonly<Record<string, (registry: Registry) => unknown>> = {
  ingest: createIngestMetrics,
  sessionizer: (registry) => createSessionizerMetrics(registry, new Set(), systemClock),
  scorer: createScorerMetrics,
  enforcer: (registry) => createEnforcerMetrics(registry, systemClock),
  control: createControlMetrics,
};

/** Instruments that more than one service has, by what stands behind `precede_` in their names. */
const shared: Readonly<Record<string, { readonly title: string; readonly fill: (r: Registry) => unknown }>> =
  {
    condition: {
      title: 'Conditions (every service)',
      fill: (registry) => createConditionMetrics(registry, createHealth()),
    },
    budget: { title: 'Bounds (all but control)', fill: (registry) => createBudgetMetrics(registry, []) },
    log: { title: 'The event log (every service)', fill: logMetricsOf },
    clickhouse: { title: 'ClickHouse (scorer, control)', fill: createClickHouseMetrics },
  };

const groups: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(fillers).map((service) => [service, service])),
  ...Object.fromEntries(Object.entries(shared).map(([name, { title }]) => [name, title])),
};

/** prom-client types neither of the two, though every metric has them. */
interface Described {
  readonly type: string;
  readonly labelNames: readonly string[];
}

const namesIn = (registry: Registry): ReadonlySet<string> =>
  new Set(registry.getMetricsAsArray().map((metric) => metric.name));

const instrumentsOf = (
  service: string,
  fill: (registry: Registry) => unknown,
  others: ReadonlySet<string>,
): readonly Instrument[] => {
  const registry = createMetrics();
  fill(registry);
  return registry
    .getMetricsAsArray()
    .filter(({ name }) => !others.has(name))
    .map((metric) => {
      const { type, labelNames } = metric as unknown as Described;
      return { service, name: metric.name, type, labels: labelNames, help: metric.help };
    });
};

const sharedNames = (): ReadonlySet<string> => {
  const registry = createMetrics();
  for (const { fill } of Object.values(shared)) fill(registry);
  return namesIn(registry);
};

/** Every instrument of every service, without the default ones of the process. */
export const instruments = (): readonly Instrument[] => [
  ...Object.entries(fillers).flatMap(([service, fill]) => instrumentsOf(service, fill, sharedNames())),
  ...Object.entries(shared).flatMap(([name, { fill }]) =>
    instrumentsOf(name, fill, namesIn(createMetrics())),
  ),
];

export const noteOf = ({ service, name }: Instrument): Note | undefined =>
  notes[service]?.[name.replace(`precede_${service}_`, '')];

const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = (instrument: Instrument): string => {
  const { name, type, labels, help } = instrument;
  const note = noteOf(instrument);
  const values = labels.map((label) => `\`${label}\`: ${note?.labels?.[label] ?? ''}`).join('; ');
  return `| \`${name}\` | ${type} | ${values} | ${cell(help)} | ${cell(note?.watch ?? '')} |`;
};

const head = `# Telemetry

Made by \`npm run docs\` from the code; do not edit. Each process serves \`/metrics\` in the Prometheus text format on the port of its API, without a token; \`deploy/prometheus/prometheus.yml\` scrapes all five. Labels are closed sets: no zone, session, rule, path or message ever becomes one. In embedded mode the five services share one process and each serves its own instruments; memory and CPU are those of the whole.

\`/readyz\` and what its conditions mean: [operations.md](operations.md). Logs are JSON lines on stderr, one object a line: constant \`msg\`, facts as fields (\`topic\`, \`partition\`, \`offset\`, \`zoneId\`, \`revision\`, \`err\`). \`warn\` is for a person to see, \`error\` means that something is tried again, \`fatal\` that the process ends. Values of session identifiers and tokens are in none of them.

What several services have has one name, and the label \`service\` of the target tells them apart: conditions, bounds, the event log, ClickHouse. Rate, errors and duration of each interface: ingest and control \`precede_<service>_requests_total\` and \`…_request_duration_seconds\`; the five ways to ask for a decision \`precede_enforcer_gateway_requests_total\` and \`…_gateway_request_seconds\`; Kafka and the registry \`precede_log_call_seconds\`, ClickHouse \`precede_clickhouse_call_seconds\`, valkey \`precede_enforcer_valkey_seconds\` and \`…_valkey_failures_total\`, whose \`_count\` is the rate.

Lag is told by the consumers themselves (\`precede_log_lag_records\`, \`precede_log_lag_seconds\`), from what they have done. What Kafka says of the group \`precede.scorer\` may be an hour of records without anything being wrong: it commits once an append-time hour is stored.
`;

const tail = `## Process

\`precede_build_info\` has the value 1 and the labels \`version\` and \`commit\`: which release runs. \`process_*\` and \`nodejs_*\` are the default metrics of prom-client. Worth an alert: \`nodejs_eventloop_lag_p99_seconds\` above 0.1 (the process is short of CPU; in the enforcer above 0.01), \`process_resident_memory_bytes\` near the limit of the container, \`nodejs_gc_duration_seconds\` of kind \`major\` above 1 s, \`process_open_fds\` near \`process_max_fds\`.
`;

export const renderTelemetry = (): string => {
  const all = instruments();
  const sections = Object.entries(groups).map(([service, title]) => {
    const rows = all.filter((each) => each.service === service).map(row);
    return [
      `## ${title}\n`,
      '| metric | type | labels | meaning | when to worry |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [head, ...sections, traces, tail].join('\n');
};

/** What stands in the repository now. */
export const readTelemetry = (): string => readFileSync(path, 'utf8');

if (import.meta.main) writeFileSync(path, renderTelemetry());
