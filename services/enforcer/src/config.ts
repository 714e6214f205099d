/** What the enforcer can be told. docs/configuration.md is made from these fields. */
import {
  choice,
  duration,
  flag,
  integer,
  key,
  list,
  number,
  port,
  secret,
  size,
  text,
  type Values,
} from '@precede/service';
import { gatewayFields } from './gateways/gateway-config.ts';
import { cookieKeys } from './stores/cookie-keys.ts';
import { valkeyFields } from './stores/valkey-config.ts';

const failModes = ['error', 'open', 'closed'] as const;

export const enforcerFields = {
  PRECEDE_ENFORCER_HOST: text('Address that the enforcer listens on.', '0.0.0.0'),
  PRECEDE_ENFORCER_PORT: port('Port that the enforcer listens on; 0: any free one.', '8082'),
  ...gatewayFields,
  PRECEDE_SESSION_KEY: key('Key of the session pseudonyms; the same for ingest and enforcer.'),
  PRECEDE_ENFORCER_TOKEN: secret('Bearer token that gateways must show; empty: none is asked for.', ''),
  PRECEDE_ENFORCER_SNAPSHOT_DIR: text(
    'Directory for the last good snapshot of each zone, to start from when the log is away; empty: none is kept.',
    '',
  ),
  PRECEDE_ENFORCER_LOG_ONLY: flag(
    'Decide, count and record as always, but let every request pass: denials become log decisions.',
    'false',
  ),
  PRECEDE_ENFORCER_FAIL_MODE: choice(
    failModes,
    'Answer where no decision can be made (unknown zone, deadline passed): error (HTTP 404 or 503, the gateway decides), open (allow), closed (deny).',
    'error',
  ),
  PRECEDE_ENFORCER_FAIL_MODE_BY_ZONE: list(
    'Other fail modes for single zones: items ZONE_ID=error|open|closed parted by commas.',
    '',
  ),
  PRECEDE_ENFORCER_DEADLINE: duration(
    'Longest time from a request arriving to its decision; later the fail mode answers.',
    '50ms',
  ),
  PRECEDE_ENFORCER_MAX_SESSIONS: integer(
    1,
    10_000_000,
    'Sessions kept in memory over all zones (about 210 bytes each); beyond it a zone over its fair share gives up its own, else the largest zone does.',
    '100000',
  ),
  PRECEDE_ENFORCER_PROBATION_SHARE: number(
    0.01,
    1,
    'Largest share of a full store for sessions that were admitted once, so that a flood of new ones cannot push out the others.',
    '0.25',
  ),
  PRECEDE_ENFORCER_SESSION_STORE: choice(
    ['memory', 'valkey', 'cookie'],
    'Where lookbacks are kept: memory (one instance, or a gateway that hashes by session), valkey (shared), cookie (with the client).',
    'memory',
  ),
  PRECEDE_ENFORCER_RATE_STORE: choice(
    ['auto', 'memory', 'valkey'],
    'Where rate limits count: memory (each instance by itself), valkey (shared, exact), auto (valkey where its address is set).',
    'auto',
  ),
  PRECEDE_ENFORCER_MAX_RATE_KEYS: integer(
    1,
    10_000_000,
    'Keys of rate limits counted in memory; beyond it the longest unused one is forgotten.',
    '100000',
  ),
  PRECEDE_ENFORCER_MAX_WAITING: integer(
    1,
    100_000,
    'Decisions that may wait for a session store at once; beyond it the fail mode answers.',
    '1000',
  ),
  PRECEDE_ENFORCER_MAX_BODY: size('Largest body of a decision request.', '64KiB'),
  PRECEDE_ENFORCER_MAX_HEADERS: integer(1, 1000, 'Most headers, and most cookies, in a request.', '100'),
  PRECEDE_ENFORCER_MAX_VALUE: size('Longest header or cookie value, method, host and path.', '8KiB'),
  PRECEDE_ENFORCER_ACCEPT_TIME: flag(
    'Accept `time` in decision requests, for simulations; otherwise only the clock of the enforcer counts.',
    'false',
  ),
  PRECEDE_ENFORCER_ALLOW_SAMPLE: number(0, 1, 'Share of allow decisions written to decisions.v1.', '0.01'),
  PRECEDE_ENFORCER_PUBLISH_QUEUE: integer(
    1,
    1_000_000,
    'Decisions that may wait for the log; beyond it new ones are dropped and counted, allows from the half on.',
    '10000',
  ),
  PRECEDE_ENFORCER_FEED_QUEUE: integer(
    1,
    10_000_000,
    'Requests of zones whose origin is the enforcer that may wait for the log; beyond it new ones are dropped and counted.',
    '100000',
  ),
  PRECEDE_ENFORCER_FLUSH_TIMEOUT: duration(
    'How long a stopping enforcer tries to write waiting decisions.',
    '10s',
  ),
  ...valkeyFields,
  PRECEDE_ENFORCER_COOKIE_KEYS: cookieKeys(
    'Keys of the sequence cookie, items ID:64 hex digits parted by commas: the first one seals, all of them open; empty: one derived from PRECEDE_SESSION_KEY.',
  ),
} as const;

export type EnforcerConfig = Values<typeof enforcerFields>;
