/** What traces can be told; empty endpoint: off. docs/configuration.md is made from these fields. */
import { type Field, integer, number, url, type Values } from './config.ts';

const rule = 'name=value pairs parted by commas, values percent-encoded where they need it';

const pairOf = (text: string): readonly [string, string] => {
  const at = text.indexOf('=');
  const name = text.slice(0, at).trim().toLowerCase();
  if (at < 1 || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) throw new Error(`must be ${rule}`);
  return [name, decoded(text.slice(at + 1).trim())];
};

const decoded = (value: string): string => {
  try {
    const plain = decodeURIComponent(value);
    if (/^[\t\x20-\x7e]*$/.test(plain)) return plain;
  } catch {
    // Said below, without the value.
  }
  throw new Error(`must be ${rule}`);
};

/** As OTEL_EXPORTER_OTLP_HEADERS is written. */
const headers = (meaning: string): Field<Readonly<Record<string, string>>> => ({
  meaning,
  rule,
  default: '',
  isSecret: true,
  parse: (text) =>
    Object.fromEntries(
      text
        .split(',')
        .filter((part) => part.trim() !== '')
        .map(pairOf),
    ),
});

const address = url('', '');

export const tracingFields = {
  PRECEDE_OTLP_ENDPOINT: {
    ...address,
    rule: `empty or ${address.rule}`,
    parse: (text) => (text === '' ? '' : address.parse(text).replace(/\/v1\/traces$/, '')),
    meaning:
      'OpenTelemetry collector that traces go to, over OTLP/HTTP: http://collector:4318 (`/v1/traces` is added); empty: nothing is traced and nothing for it is loaded.',
  } satisfies Field<string> as Field<string>,
  PRECEDE_OTLP_HEADERS: headers('Headers for the collector, such as its token.'),
  PRECEDE_TRACE_SAMPLE: number(
    0,
    1,
    'Share of the requests that come without a `traceparent` that is traced; one that comes with it is traced if that says so.',
    '0.01',
  ),
  PRECEDE_TRACE_LIMIT: integer(
    1,
    100_000,
    'Most requests that one process begins to trace in a second, whoever asks for more; the rest is counted.',
    '100',
  ),
} as const;

export type TracingConfig = Values<typeof tracingFields>;
