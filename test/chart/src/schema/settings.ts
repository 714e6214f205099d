/** The variables of a service that may be set by name, taken from its own fields: a misspelt one is refused by its name. */
import { controlFields } from '@precede/control';
import { enforcerFields } from '@precede/enforcer';
import { ingestFields } from '@precede/ingest';
import { scorerFields } from '@precede/scorer';
import { commonFields, type Fields } from '@precede/service';
import { sessionizerFields } from '@precede/sessionizer';
import { closed, type Schema } from './parts.ts';

/** What the chart says itself, or by a value of its own. */
const isOwn = (name: string): boolean =>
  /_(HOST|PORT|GRPC_PORT|TLS_CA)$/.test(name) ||
  /^PRECEDE_CONTROL_(MODE|INGEST_URL|ENFORCER_URL|CLICKHOUSE_URL)$/.test(name) ||
  ['PRECEDE_DRAIN', 'PRECEDE_OTLP_ENDPOINT', 'PRECEDE_ENFORCER_SNAPSHOT_DIR'].includes(name);

const settingsOf = (fields: Fields): Schema =>
  closed(
    Object.fromEntries(
      Object.entries(fields)
        .filter(([name, field]) => field.isSecret !== true && !isOwn(name))
        .map(([name, field]) => [name, { description: field.meaning, ...form(field.rule) }]),
    ),
  );

/** The rules that have a counterpart in a schema; any other text is checked by the service. */
const form = (rule: string): Schema => {
  const choice = /^one of (.+)$/.exec(rule)?.[1];
  if (choice !== undefined) return { enum: choice.split(', ') };
  const range = /^a (whole )?number from (\S+) to (\S+)$/.exec(rule);
  if (range !== null)
    return numeric(range[1] === undefined ? 'number' : 'integer', range.slice(2).map(Number));
  if (rule === 'true or false') return { enum: [true, false, 'true', 'false'] };
  if (rule.startsWith('a duration')) return { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' };
  if (rule.startsWith('a size')) return { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(B|[KMG]iB)$' };
  return { type: 'string' };
};

const numeric = (
  type: 'integer' | 'number',
  [minimum, maximum]: readonly (number | undefined)[],
): Schema => ({
  anyOf: [
    { type, minimum, maximum },
    { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?$' },
  ],
});

export const commonSettings = settingsOf(commonFields);
export const serviceSettings = {
  ingest: settingsOf(ingestFields),
  sessionizer: settingsOf(sessionizerFields),
  scorer: settingsOf(scorerFields),
  enforcer: settingsOf(enforcerFields),
  control: settingsOf(controlFields),
} as const;
