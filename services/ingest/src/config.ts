/** What ingest can be told. docs/configuration.md is made from these fields. */
import { integer, key, port, secret, size, text, type Values } from '@precede/service';

export const ingestFields = {
  PRECEDE_INGEST_HOST: text('Address that ingest listens on.', '0.0.0.0'),
  PRECEDE_INGEST_PORT: port('Port that ingest listens on; 0: any free one.', '8081'),
  PRECEDE_SESSION_KEY: key('Key of the session pseudonyms; the same for ingest and enforcer.'),
  PRECEDE_INGEST_TOKEN: secret('Bearer token that senders must show; empty: none is asked for.', ''),
  PRECEDE_INGEST_MAX_BODY: size('Largest request body as sent, perhaps compressed.', '16MiB'),
  PRECEDE_INGEST_MAX_DECODED_BODY: size('Largest request body once decompressed.', '64MiB'),
  PRECEDE_INGEST_MAX_EVENT: size('Largest text of one event; a larger one is refused by itself.', '1MiB'),
  PRECEDE_INGEST_MAX_EVENTS: integer(1, 100_000, 'Most events in one request.', '100000'),
  PRECEDE_INGEST_MAX_IN_FLIGHT: size(
    'Bytes of request bodies held at once; beyond it senders are told to come back (429).',
    '256MiB',
  ),
  PRECEDE_INGEST_UNMATCHED_PER_SECOND: integer(
    0,
    1_000_000,
    'Requests without an operation kept for discovery, per zone and second; the others are only counted.',
    '100',
  ),
} as const;

export type IngestConfig = Values<typeof ingestFields>;
