/** What the Kafka adapter is told: where the brokers and the registry are, how to get in, how topics are made. */
import type { Sockets } from './kafka-sockets.ts';

export interface KafkaLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Must not throw. */
export interface KafkaObserver {
  /** A broker has answered. */
  requested(request: string, seconds: number): void;
  /** The registry was asked for a schema, or given one. */
  called(call: 'schema', outcome: 'ok' | 'failed', seconds: number): void;
}

export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface KafkaLogOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Put before topics, groups, transactional ids and subjects: `precede.` */
  readonly topicPrefix: string;
  /** Base address of a registry with Confluent's API. */
  readonly registryUrl: string;
  readonly registryAuth?: { readonly username: string; readonly password: string };
  /** Partitions of data topics that are created. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Whether ensureTopics makes what is missing (default), or throws UnavailableError naming it. */
  readonly createTopics?: boolean;
  /** Connect with TLS; {}: with what Node trusts, and no certificate of our own. PEM. */
  readonly ssl?: Tls;
  /** For a registry at an https address. */
  readonly registryTls?: Tls;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** How long ensureTopics tries while brokers or registry are away. Default 60 s. */
  readonly startTimeoutMs?: number;
  readonly logger?: KafkaLogger;
  readonly observer?: KafkaObserver;
}

/** What the adapter's own parts are told besides. */
export interface KafkaAccess extends KafkaLogOptions {
  readonly sockets: Sockets;
}

export const silent: KafkaLogger = { info: () => {}, warn: () => {}, error: () => {} };
