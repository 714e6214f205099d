/** The variables of control. */
import { choice, duration, integer, port, secret, text, url, type Values } from '@precede/service';

const minTokenLength = 16;

/** There is no default: an instance whose token everybody knows is open. */
const adminToken = {
  ...secret('Bearer token of the management API, with every permission.'),
  rule: `secret text of at least ${minTokenLength} printable characters without spaces`,
  parse: (value: string): string => {
    if (value.length >= minTokenLength && /^[\x21-\x7e]+$/.test(value)) return value;
    throw new Error(`must have at least ${minTokenLength} printable ASCII characters and no space`);
  },
};

export const controlFields = {
  PRECEDE_CONTROL_HOST: text('Address the management API listens on.', '0.0.0.0'),
  PRECEDE_CONTROL_PORT: port('Port of the management API.', '8080'),
  PRECEDE_CONTROL_ADMIN_TOKEN: adminToken,
  PRECEDE_CONTROL_MODE: choice(
    ['kafka', 'embedded'],
    'What this instance runs on, as clients are told.',
    'kafka',
  ),
  PRECEDE_CONTROL_INGEST_URL: url('Where clients reach ingest, as they are told.', 'http://127.0.0.1:8081'),
  PRECEDE_CONTROL_ENFORCER_URL: url(
    'Where clients reach the enforcer, as they are told.',
    'http://127.0.0.1:8082',
  ),
  PRECEDE_CONTROL_CLICKHOUSE_URL: url(
    'Where analysts reach ClickHouse, as clients are told.',
    'http://127.0.0.1:8123',
  ),
  PRECEDE_CONTROL_MAX_WAITING_WRITES: integer(
    1,
    10_000,
    'Changes that may wait for one another; more get 503.',
    '256',
  ),
  PRECEDE_CONTROL_SEND_TIMEOUT: duration('How long a change may try to reach the log.', '15s'),
  PRECEDE_CONTROL_READ_TIMEOUT: duration(
    'How long reading the configuration back may take, also at the start.',
    '30s',
  ),
} as const;
export type ControlConfig = Values<typeof controlFields>;
