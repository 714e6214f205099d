/**
 * What an instance needs for a rate of requests: the formulae of docs/sizing.md, which has the source of every constant. Pure.
 * Estimates: of CPU and bytes that were measured on small machines, with half of each core left free.
 */

export interface Demand {
  /** Requests a second, at the peak. */
  readonly rate: number;
  readonly requestsPerSession: number;
  /** From the first request of a session to the end of its window: its length and the inactivity gap. */
  readonly openSeconds: number;
  /** Copies of each record in Kafka. */
  readonly replication: number;
}

export const usualDemand: Omit<Demand, 'rate'> = { requestsPerSession: 10, openSeconds: 720, replication: 3 };

/** CPU µs a request. */
const micros = { ingest: 12, sessionizer: 11.1, scorer: 6, enforcer: 42.7 };
/** Bytes a request on Kafka, keys and batches included. */
const bytes = { requests: 146, sequences: 130, changelog: 50, sessions: 20 };
const utilisation = 0.5;
const partitionRate = 5_000;
const partitionSessions = 400_000;
const partitionStep = 12;
const sessionStateBytes = 1_725;
const sessionResidentBytes = 2_448;
const enforcerSessionBytes = 256;
const sessionRowBytes = 80;
const decisionRowBytes = 150;
const allowSample = 0.01;
const countRowBytes = 17;
const MiB = 2 ** 20;
const GiB = 2 ** 30;
const TiB = 2 ** 40;
const heapBytes = 2 * GiB;
const brokerBytes = 8 * TiB;
const brokerBytesPerSecond = 100e6;
const shardBytes = 4 * TiB;
const day = 86_400;

export interface Pods {
  readonly pods: number;
  readonly cores: number;
  /** Each. */
  readonly memoryMiB: number;
}

export interface Size {
  readonly partitions: number;
  readonly openSessions: number;
  readonly ingest: Pods;
  readonly sessionizer: Pods;
  readonly scorer: Pods;
  readonly enforcer: Pods;
  readonly kafka: { readonly brokers: number; readonly writtenPerSecond: number; readonly diskBytes: number };
  readonly clickhouse: { readonly shards: number; readonly diskBytes: number };
}

const coresOf = (rate: number, of: number): number => (rate * of) / 1e6;

/** A process has one core: at least two of each, so that one may be away. */
const podsFor = (cores: number): number => Math.max(2, Math.ceil(cores / utilisation));

/** So that each owns as many partitions as the others. */
const evenly = (wanted: number, partitions: number): number => {
  for (let pods = wanted; pods < partitions; pods += 1) if (partitions % pods === 0) return pods;
  return partitions;
};

const memory = (more: number): number => Math.ceil((512 * MiB + more) / (128 * MiB)) * 128;

/** Rows a million requests fall as N^-0.2, measured from 0.3M to 10M a day. */
const countRows = (perDay: number): number =>
  (perDay / 1e6) * 250_000 * (Math.max(perDay, 1e6) / 1e7) ** -0.2;

export const sizeOf = ({ rate, requestsPerSession, openSeconds, replication }: Demand): Size => {
  const openSessions = (rate / requestsPerSession) * openSeconds;
  const least = Math.max(rate / partitionRate, openSessions / partitionSessions, 1);
  const partitions = Math.ceil(least / partitionStep) * partitionStep;
  const cores = (name: keyof typeof micros): number => coresOf(rate, micros[name]);
  const byMemory = Math.ceil((openSessions * sessionResidentBytes) / heapBytes);
  const sessionizers = evenly(Math.max(podsFor(cores('sessionizer')), byMemory), partitions);
  const scorers = evenly(podsFor(cores('scorer')), partitions);
  const enforcers = podsFor(cores('enforcer'));
  const pods = (name: keyof typeof micros, count: number, more: number): Pods => ({
    ...{ pods: count, cores: cores(name), memoryMiB: memory(more) },
  });
  const kept = (bytes.requests + bytes.sequences) * 2 * day + bytes.sessions * 7 * day;
  const kafkaDisk = rate * kept * replication;
  const written = rate * (bytes.requests + bytes.sequences + bytes.changelog + bytes.sessions) * replication;
  const perDay = rate * day;
  const clickhouseDisk =
    3 * countRows(perDay) * countRowBytes +
    30 * (perDay / requestsPerSession) * sessionRowBytes +
    30 * perDay * allowSample * decisionRowBytes;
  return {
    partitions,
    openSessions,
    ingest: pods('ingest', podsFor(cores('ingest')), 0),
    sessionizer: pods('sessionizer', sessionizers, (2 * openSessions * sessionStateBytes) / sessionizers),
    scorer: pods('scorer', scorers, 256 * MiB + (partitions / scorers) * 64 * MiB),
    enforcer: pods('enforcer', enforcers, (2 * openSessions * enforcerSessionBytes) / enforcers),
    kafka: {
      brokers: Math.max(3, Math.ceil(kafkaDisk / brokerBytes), Math.ceil(written / brokerBytesPerSecond)),
      writtenPerSecond: written,
      diskBytes: kafkaDisk,
    },
    clickhouse: { shards: Math.max(1, Math.ceil(clickhouseDisk / shardBytes)), diskBytes: clickhouseDisk },
  };
};
