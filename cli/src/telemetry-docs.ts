/** Writes docs/telemetry.md from the registries of the services and the notes beside this file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createControlMetrics } from '@precede/control';
import { createEnforcerMetrics } from '@precede/enforcer';
import { createIngestMetrics } from '@precede/ingest';
import { createScorerMetrics } from '@precede/scorer';
import { createMetrics, systemClock } from '@precede/service';
import { createSessionizerMetrics } from '@precede/sessionizer';
import { type Note, notes } from './telemetry-notes.ts';

const path = fileURLToPath(new URL('../../docs/telemetry.md', import.meta.url));

type Registry = ReturnType<typeof createMetrics>;

/** One instrument as the registry of its service has it. */
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

/** prom-client types neither of the two, though every metric has them. */
interface Described {
  readonly type: string;
  readonly labelNames: readonly string[];
}

const instrumentsOf = (service: string, fill: (registry: Registry) => unknown): readonly Instrument[] => {
  const registry = createMetrics();
  const shared = new Set(registry.getMetricsAsArray().map((metric) => metric.name));
  fill(registry);
  return registry
    .getMetricsAsArray()
    .filter(({ name }) => !shared.has(name))
    .map((metric) => {
      const { type, labelNames } = metric as unknown as Described;
      return { service, name: metric.name, type, labels: labelNames, help: metric.help };
    });
};

/** Every instrument of every service, without the default ones of the process. */
export const instruments = (): readonly Instrument[] =>
  Object.entries(fillers).flatMap(([service, fill]) => instrumentsOf(service, fill));

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

The event log and the ClickHouse client have no instruments of their own: what they do shows in the times and retries of the services. On Kafka watch beside these the lag of the groups \`precede.sessionizer\`, \`precede.scorer\`, \`precede.scorer.sessions\`, \`precede.scorer.decisions\` and, where requests are stored, \`precede.scorer.requests\` (\`PRECEDE_KAFKA_TOPIC_PREFIX\` stands before each, so \`precede.precede.scorer\` unless told); \`precede.scorer\` commits once an append-time hour is stored, so that its lag may be an hour of records without anything being wrong.
`;

const tail = `## Process

\`process_*\` and \`nodejs_*\` are the default metrics of prom-client. Worth an alert: \`nodejs_eventloop_lag_p99_seconds\` above 0.1 (the process is short of CPU; in the enforcer above 0.01), \`process_resident_memory_bytes\` near the limit of the container, \`nodejs_gc_duration_seconds\` of kind \`major\` above 1 s, \`process_open_fds\` near \`process_max_fds\`.
`;

export const renderTelemetry = (): string => {
  const all = instruments();
  const sections = Object.keys(fillers).map((service) => {
    const rows = all.filter((each) => each.service === service).map(row);
    return [
      `## ${service}\n`,
      '| metric | type | labels | meaning | when to worry |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [head, ...sections, tail].join('\n');
};

/** What stands in the repository now. */
export const readTelemetry = (): string => readFileSync(path, 'utf8');

if (import.meta.main) writeFileSync(path, renderTelemetry());
