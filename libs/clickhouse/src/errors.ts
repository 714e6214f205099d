/** What went wrong at ClickHouse, in our words: away or overloaded (try again), or refused (do not). */
import { ClickHouseError } from '@clickhouse/client';
import { ConfigError, ErrorCode, PrecedeError, tlsFault, UnavailableError } from '@precede/contracts';

/** Server errors that pass by themselves: overload, shutdown, a replica or the network behind the server, space being freed. */
const PASSING = new Set([
  'ABORTED',
  'ALL_CONNECTION_TRIES_FAILED',
  'ALL_REPLICAS_ARE_STALE',
  'CANNOT_SCHEDULE_TASK',
  'DEADLOCK_AVOIDED',
  'KEEPER_EXCEPTION',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NOT_ENOUGH_SPACE',
  'NO_FREE_CONNECTION',
  'NO_ZOOKEEPER',
  'QUERY_WAS_CANCELLED',
  'QUOTA_EXCEEDED',
  'S3_ERROR',
  'SERVER_OVERLOADED',
  'SOCKET_TIMEOUT',
  'TABLE_IS_READ_ONLY',
  'TIMEOUT_EXCEEDED',
  'TOO_FEW_LIVE_REPLICAS',
  'TOO_MANY_PARTS',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'UNKNOWN_STATUS_OF_INSERT',
  'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE',
]);

/** The server does not know who asks. */
const STRANGER = new Set(['AUTHENTICATION_FAILED', 'REQUIRED_PASSWORD', 'UNKNOWN_USER', 'WRONG_PASSWORD']);

/** The first line: the server repeats the query and its version after it. */
const brief = (message: string): string => (message.split('\n')[0] ?? '').slice(0, 500);

/** Total over everything the client library throws. `what` is ours: "insert into counts". */
export function toPrecedeError(error: unknown, what: string): PrecedeError {
  if (error instanceof PrecedeError) return error;
  if (!(error instanceof ClickHouseError)) {
    const message = error instanceof Error ? error.message : String(error);
    // Sockets, timeouts, DNS, TLS, a proxy's page: the request never got a ClickHouse answer.
    const tls = tlsFault(error, { who: 'ClickHouse', part: 'CLICKHOUSE' });
    if (tls !== undefined)
      return new UnavailableError(ErrorCode.clickhouseUnavailable, `${tls} (${brief(message)})`, error);
    return new UnavailableError(ErrorCode.clickhouseUnavailable, `${what}: ${brief(message)}`, error);
  }
  const message = `${what}: ClickHouse answered ${error.type ?? 'UNKNOWN'} (${error.code}): ${brief(error.message)}`;
  if (PASSING.has(error.type ?? '')) {
    return new UnavailableError(ErrorCode.clickhouseUnavailable, message, error);
  }
  if (STRANGER.has(error.type ?? ''))
    return new ConfigError([
      `look at PRECEDE_CLICKHOUSE_USERNAME and PRECEDE_CLICKHOUSE_PASSWORD: ${message}`,
    ]);
  return new PrecedeError(ErrorCode.clickhouseRefused, message, { cause: error });
}
