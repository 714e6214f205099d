/** Variables that several services share: where Kafka, the schema registry and ClickHouse are, and how to log. */
import {
  certificates,
  choice,
  duration,
  type Field,
  flag,
  integer,
  list,
  privateKey,
  secret,
  text,
  url,
  type Values,
} from './config.ts';

export const commonFields = {
  PRECEDE_LOG_LEVEL: choice(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    'Least severe log line written.',
    'info',
  ),
  PRECEDE_DRAIN: duration(
    'How long a stopping process answers as not ready before it closes, so that load balancers turn away.',
    '0s',
  ),
  PRECEDE_CLOCK: text(
    'Fixes the clock at an RFC 3339 time, for tests and replays; empty: the system clock.',
    '',
  ),
} as const;

/** For a connection with TLS. */
const tlsFields = <P extends string>(part: P, whose: string) =>
  ({
    [`PRECEDE_${part}_TLS_CA`]: certificates(
      `Certificate authority of ${whose}; empty: those that Node trusts.`,
    ),
    [`PRECEDE_${part}_TLS_CERT`]: {
      ...certificates(
        `Client certificate for ${whose}, with those between it and its authority; empty: none.`,
      ),
      needs: `PRECEDE_${part}_TLS_KEY`,
    },
    [`PRECEDE_${part}_TLS_KEY`]: {
      ...privateKey(`Private key of the client certificate for ${whose}, not encrypted.`),
      needs: `PRECEDE_${part}_TLS_CERT`,
    },
  }) as { readonly [N in `PRECEDE_${P}_TLS_${'CA' | 'CERT' | 'KEY'}`]: Field<string> };

/** What node:tls takes; what is empty is left out. */
const tlsOf = (ca: string, cert: string, key: string): TlsOptions => ({
  ...(ca === '' ? {} : { ca }),
  ...(cert === '' ? {} : { cert, key }),
});

interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export const kafkaFields = {
  PRECEDE_KAFKA_BROKERS: list('Kafka bootstrap addresses, host:port parted by commas.'),
  PRECEDE_KAFKA_TOPIC_PREFIX: text('Put before each topic, group and transactional id.', 'precede.'),
  PRECEDE_KAFKA_PARTITIONS: integer(
    1,
    1000,
    'Partitions of each data topic at creation; requests.v1 and sequences.v1 keep theirs for ever.',
    '12',
  ),
  PRECEDE_KAFKA_REPLICATION_FACTOR: integer(1, 7, 'Replicas of each topic at creation.', '3'),
  PRECEDE_KAFKA_CREATE_TOPICS: flag(
    'Whether the services make missing topics and schemas at their start; false: they look, and wait until `precede topics` has made them.',
    'true',
  ),
  PRECEDE_KAFKA_TLS: flag('Connect to Kafka with TLS.', 'false'),
  ...tlsFields('KAFKA', 'Kafka'),
  PRECEDE_KAFKA_SASL_MECHANISM: choice(
    ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    'How to log in to Kafka.',
    'none',
  ),
  PRECEDE_KAFKA_SASL_USERNAME: text('Kafka user.', ''),
  PRECEDE_KAFKA_SASL_PASSWORD: secret('Kafka password.', ''),
  PRECEDE_SCHEMA_REGISTRY_URL: url('Confluent-compatible schema registry.'),
  PRECEDE_SCHEMA_REGISTRY_USERNAME: text('Schema registry user; empty: none.', ''),
  PRECEDE_SCHEMA_REGISTRY_PASSWORD: secret('Schema registry password.', ''),
  ...tlsFields('SCHEMA_REGISTRY', 'the schema registry'),
} as const;

const checked = (rule: string, pattern: RegExp): Pick<Field<string>, 'rule' | 'parse'> => ({
  rule,
  parse: (value) => {
    if (pattern.test(value)) return value;
    throw new Error(`must be ${rule}`);
  },
});

export const clickhouseFields = {
  PRECEDE_CLICKHOUSE_URL: url('HTTP address of ClickHouse.'),
  PRECEDE_CLICKHOUSE_DATABASE: text('Database of the tables and views.', 'precede'),
  PRECEDE_CLICKHOUSE_USERNAME: text('ClickHouse user.', 'default'),
  PRECEDE_CLICKHOUSE_PASSWORD: secret('ClickHouse password.', ''),
  ...tlsFields('CLICKHOUSE', 'ClickHouse'),
  PRECEDE_CLICKHOUSE_MIGRATE: flag(
    'Whether the scorer makes and changes tables, and how long they keep rows, at its start; false: it looks, and waits until `precede migrate` has done it. Control never does.',
    'true',
  ),
  PRECEDE_CLICKHOUSE_CLUSTER: {
    ...text(
      'Cluster over which tables are replicated and sharded by zone, by its name in system.clusters; empty: one server. Choose before the first start; the same for scorer and control.',
      '',
    ),
    ...checked('empty or letters, digits, _, - and .', /^[\w.-]*$/),
  },
  PRECEDE_CLICKHOUSE_INSERT_QUORUM: {
    ...text(
      'Replicas of a shard that must have rows before the scorer goes on; only with a cluster. With three or more replicas, their number makes every read exact.',
      'auto',
    ),
    ...checked('auto (most of them) or a number from 1 to 9', /^(auto|[1-9])$/),
  },
} as const;

/** Shorter would lose what the scorer still reads: the longest window, 48 h, is read back after a restart. */
const keep = (what: string, least: string, fallback: string): Field<number> => {
  const field = duration(`${what}; counted from when a row was written.`, fallback);
  const leastMs = field.parse(least);
  const rule = `a duration of at least ${least}, such as 36h, 90d`;
  const parse = (value: string): number => {
    const ms = field.parse(value);
    if (ms >= leastMs) return ms;
    throw new Error(`must be ${rule}`);
  };
  return { ...field, rule, parse };
};

export const retentionFields = {
  PRECEDE_CLICKHOUSE_KEEP_COUNTS: keep('How long counts of sequences and pairs stay', '3d', '3d'),
  PRECEDE_CLICKHOUSE_KEEP_SCORES: keep(
    'How long the history of listed scores stays (unlisted ones stay 3 hours)',
    '1d',
    '7d',
  ),
  PRECEDE_CLICKHOUSE_KEEP_SESSIONS: keep('How long closed sessions stay', '1h', '30d'),
  PRECEDE_CLICKHOUSE_KEEP_DECISIONS: keep('How long decisions stay', '1h', '30d'),
  PRECEDE_CLICKHOUSE_KEEP_REQUESTS: keep('How long single requests stay, where they are stored', '1h', '7d'),
} as const;

/** What openKafkaLog of @precede/log takes. */
export const kafkaOptions = (config: Values<typeof kafkaFields>, clientId: string) => {
  const mechanism = config.PRECEDE_KAFKA_SASL_MECHANISM;
  const registryUser = config.PRECEDE_SCHEMA_REGISTRY_USERNAME;
  return {
    brokers: [...config.PRECEDE_KAFKA_BROKERS],
    clientId,
    topicPrefix: config.PRECEDE_KAFKA_TOPIC_PREFIX,
    registryUrl: config.PRECEDE_SCHEMA_REGISTRY_URL,
    partitions: config.PRECEDE_KAFKA_PARTITIONS,
    replicationFactor: config.PRECEDE_KAFKA_REPLICATION_FACTOR,
    createTopics: config.PRECEDE_KAFKA_CREATE_TOPICS,
    // Who starts waits by himself, for as long as it takes.
    startTimeoutMs: 0,
    ...(config.PRECEDE_KAFKA_TLS
      ? {
          ssl: tlsOf(
            config.PRECEDE_KAFKA_TLS_CA,
            config.PRECEDE_KAFKA_TLS_CERT,
            config.PRECEDE_KAFKA_TLS_KEY,
          ),
        }
      : {}),
    registryTls: tlsOf(
      config.PRECEDE_SCHEMA_REGISTRY_TLS_CA,
      config.PRECEDE_SCHEMA_REGISTRY_TLS_CERT,
      config.PRECEDE_SCHEMA_REGISTRY_TLS_KEY,
    ),
    ...(mechanism === 'none'
      ? {}
      : {
          sasl: {
            mechanism,
            username: config.PRECEDE_KAFKA_SASL_USERNAME,
            password: config.PRECEDE_KAFKA_SASL_PASSWORD,
          },
        }),
    ...(registryUser === ''
      ? {}
      : { registryAuth: { username: registryUser, password: config.PRECEDE_SCHEMA_REGISTRY_PASSWORD } }),
  };
};

/** What connectClickHouse of @precede/clickhouse takes. */
export const clickhouseOptions = (config: Values<typeof clickhouseFields>) => ({
  url: config.PRECEDE_CLICKHOUSE_URL,
  database: config.PRECEDE_CLICKHOUSE_DATABASE,
  username: config.PRECEDE_CLICKHOUSE_USERNAME,
  password: config.PRECEDE_CLICKHOUSE_PASSWORD,
  // A change of the schema waits for every server of a cluster.
  requestTimeoutMs: config.PRECEDE_CLICKHOUSE_CLUSTER === '' ? 30_000 : 200_000,
  tls: tlsOf(
    config.PRECEDE_CLICKHOUSE_TLS_CA,
    config.PRECEDE_CLICKHOUSE_TLS_CERT,
    config.PRECEDE_CLICKHOUSE_TLS_KEY,
  ),
  cluster: config.PRECEDE_CLICKHOUSE_CLUSTER,
  insertQuorum: config.PRECEDE_CLICKHOUSE_INSERT_QUORUM,
});

/** What migrate of @precede/clickhouse takes as retention. */
export const retentionOptions = (config: Values<typeof retentionFields>) => ({
  countsMs: config.PRECEDE_CLICKHOUSE_KEEP_COUNTS,
  scoresMs: config.PRECEDE_CLICKHOUSE_KEEP_SCORES,
  sessionsMs: config.PRECEDE_CLICKHOUSE_KEEP_SESSIONS,
  decisionsMs: config.PRECEDE_CLICKHOUSE_KEEP_DECISIONS,
  requestsMs: config.PRECEDE_CLICKHOUSE_KEEP_REQUESTS,
});
