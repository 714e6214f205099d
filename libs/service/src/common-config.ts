/** Variables that several services share: where Kafka, the schema registry and ClickHouse are, and how to log. */
import { choice, duration, flag, integer, list, secret, text, url, type Values } from './config.ts';

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
  PRECEDE_KAFKA_TLS: flag('Connect to Kafka with TLS.', 'false'),
  PRECEDE_KAFKA_TLS_CA: text('PEM text of the certificate authority; empty: the system list.', ''),
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
} as const;

export const clickhouseFields = {
  PRECEDE_CLICKHOUSE_URL: url('HTTP address of ClickHouse.'),
  PRECEDE_CLICKHOUSE_DATABASE: text('Database of the tables and views.', 'precede'),
  PRECEDE_CLICKHOUSE_USERNAME: text('ClickHouse user.', 'default'),
  PRECEDE_CLICKHOUSE_PASSWORD: secret('ClickHouse password.', ''),
} as const;

/** What openKafkaLog of @precede/log takes. */
export const kafkaOptions = (config: Values<typeof kafkaFields>, clientId: string) => {
  const mechanism = config.PRECEDE_KAFKA_SASL_MECHANISM;
  const ca = config.PRECEDE_KAFKA_TLS_CA;
  const registryUser = config.PRECEDE_SCHEMA_REGISTRY_USERNAME;
  return {
    brokers: [...config.PRECEDE_KAFKA_BROKERS],
    clientId,
    topicPrefix: config.PRECEDE_KAFKA_TOPIC_PREFIX,
    registryUrl: config.PRECEDE_SCHEMA_REGISTRY_URL,
    partitions: config.PRECEDE_KAFKA_PARTITIONS,
    replicationFactor: config.PRECEDE_KAFKA_REPLICATION_FACTOR,
    ...(config.PRECEDE_KAFKA_TLS ? { ssl: ca === '' ? (true as const) : { ca } } : {}),
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
  requestTimeoutMs: 30_000,
});
