/** Writes docs/configuration.md from the fields of every service, so that the reference cannot differ from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { controlFields } from '@precede/control';
import { enforcerFields } from '@precede/enforcer';
import { ingestFields } from '@precede/ingest';
import { scorerFields } from '@precede/scorer';
import {
  clickhouseFields,
  commonFields,
  type Fields,
  kafkaFields,
  retentionFields,
  tracingFields,
} from '@precede/service';
import { sessionizerFields } from '@precede/sessionizer';

const path = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));

const sections: readonly { title: string; note: string; fields: Fields }[] = [
  { title: 'Every service', note: 'Read by all five processes.', fields: commonFields },
  {
    title: 'Traces',
    note: 'Read by all five processes and by embedded mode; what is traced: [telemetry.md](telemetry.md#traces). `OTEL_RESOURCE_ATTRIBUTES` adds attributes of the process, `OTEL_EXPORTER_OTLP_CERTIFICATE` names a file with the certificate authority of the collector; other variables of OpenTelemetry switch nothing on.',
    fields: tracingFields,
  },
  {
    title: 'Kafka and the schema registry',
    note: 'Read by all five processes; embedded mode needs none of them.',
    fields: kafkaFields,
  },
  {
    title: 'ClickHouse',
    note: 'Read by scorer and control; embedded mode needs none of them.',
    fields: clickhouseFields,
  },
  {
    title: 'How long ClickHouse keeps rows',
    note: 'Read by the scorer, and by embedded mode. Set at each start after the migrations; only a table that has another TTL is changed. Give all scorers the same.',
    fields: retentionFields,
  },
  { title: 'ingest', note: '', fields: ingestFields },
  { title: 'sessionizer', note: '', fields: sessionizerFields },
  { title: 'scorer', note: '', fields: scorerFields },
  { title: 'enforcer', note: '', fields: enforcerFields },
  { title: 'control', note: '', fields: controlFields },
];

/** What the command reads beside the variables of the services it starts. */
const commandVariables: readonly (readonly [name: string, meaning: string])[] = [
  ['PRECEDE_DATA', 'Data directory of the embedded instance, as `--data`; otherwise `.precede`.'],
  ['PRECEDE_CLICKHOUSE_PORT', '`up`, `demo`: HTTP port of the embedded ClickHouse; otherwise 8123.'],
  [
    'PRECEDE_URL',
    'Other commands: management API of the instance, as `--url`; otherwise the running one of `--data`.',
  ],
  [
    'PRECEDE_TOKEN',
    'Bearer token of the management API, as `--token`; otherwise the one in `--data`. Or `PRECEDE_TOKEN_FILE`.',
  ],
  ['PRECEDE_INGEST_URL', 'Ingest, as `--ingest-url`; otherwise where the instance says.'],
  ['PRECEDE_ENFORCER_URL', 'The enforcer, as `--enforcer-url`; otherwise where the instance says.'],
];

const command = `## The command \`precede\`

\`up\` and \`demo\` read the variables of the five services above, \`PRECEDE_…_PORT\` included, but not those of Kafka and of the connection to ClickHouse, and not \`PRECEDE_…_HOST\`: \`--host\` is for all. They make \`PRECEDE_SESSION_KEY\` and \`PRECEDE_CONTROL_ADMIN_TOKEN\` themselves where they are not set, and keep them in the data directory. Options win over variables.

| variable | meaning |
|---|---|
${commandVariables.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`).join('\n')}
`;

/** What no process reads as a setting: building and checking do. */
const build = `## The build

| variable | meaning |
|---|---|
| \`PRECEDE_COMMIT\` | The commit that \`--version\`, the log line *started* and \`precede_build_info\` name. Images have it; a checkout is asked itself. |
| \`PRECEDE_AUDIT_UNREACHABLE\` | \`accept\`: the supply chain’s check passes where advisories cannot be asked for, and says so. |
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

const defaultOf = (fallback: string | undefined): string =>
  fallback === undefined ? '*required*' : fallback === '' ? '*empty*' : `\`${fallback}\``;

const table = (fields: Fields): string => {
  const rows = Object.entries(fields).map(
    ([name, field]) =>
      `| \`${name}\` | ${defaultOf(field.default)} | ${cell(field.rule)}${field.isFromFile ? ', or `…_FILE`' : ''} | ${cell(field.meaning)} |`,
  );
  return ['| variable | default | value | meaning |', '|---|---|---|---|', ...rows].join('\n');
};

export const renderConfiguration = (): string => {
  const head =
    '# Configuration\n\nMade by `npm run docs` from the code; do not edit. A process reports every fault at once and `--check-config` only checks. An empty variable counts as unset.\n\nWhere the value says *or `…_FILE`*, the variable of the same name with `_FILE` behind it may name a file to read it from, as Docker and Kubernetes mount secrets: `PRECEDE_KAFKA_SASL_PASSWORD_FILE=/run/secrets/kafka`. A newline at its end is cut. Both variables together are a fault, and so is a file that is empty.\n';
  const parts = sections.map(
    ({ title, note, fields }) => `## ${title}\n\n${note === '' ? '' : `${note}\n\n`}${table(fields)}\n`,
  );
  return [head, ...parts, command, build].join('\n');
};

/** What stands in the repository now. */
export const readConfiguration = (): string => readFileSync(path, 'utf8');

if (import.meta.main) writeFileSync(path, renderConfiguration());
