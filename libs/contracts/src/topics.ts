/**
 * The topics on which the services meet: names, keys, retention. docs/architecture.md has the table.
 * Adapters put a prefix (`precede.`) before each name.
 */
import type { OperationId, SessionId, ShortId, SourceId, ZoneId } from './ids.ts';
import { zoneBytes } from './zone-bytes.ts';

export const Topic = {
  requests: 'requests.v1',
  unmatched: 'unmatched.v1',
  sequences: 'sequences.v1',
  sessions: 'sessions.v1',
  changelog: 'sessionizer.changelog.v1',
  config: 'config.v1',
  decisions: 'decisions.v1',
  audit: 'audit.v1',
  deadLetters: 'dead-letters.v1',
} as const;
export type TopicName = (typeof Topic)[keyof typeof Topic];

export interface TopicSpec {
  readonly topic: TopicName;
  /** Keep the newest record of each key only. */
  readonly isCompacted: boolean;
  /** Kept at least this long by append time; null: for ever. */
  readonly retentionMs: number | null;
  /** A changed partition count would move keys or state: refused at start. */
  readonly isPartitionCountFixed: boolean;
  /** Whether the count follows requests.v1 (its changelog), the general setting, or is one. */
  readonly partitions: 'data' | 'single';
}

const hour = 3_600_000;
const day = 24 * hour;
const data = (topic: TopicName, retentionMs: number, isPartitionCountFixed = false): TopicSpec => ({
  topic,
  isCompacted: false,
  retentionMs,
  isPartitionCountFixed,
  partitions: 'data',
});

export const topicSpecs: readonly TopicSpec[] = [
  data(Topic.requests, 48 * hour, true),
  data(Topic.unmatched, day),
  data(Topic.sequences, 48 * hour, true),
  data(Topic.sessions, 7 * day),
  {
    topic: Topic.changelog,
    isCompacted: true,
    retentionMs: null,
    isPartitionCountFixed: true,
    partitions: 'data',
  },
  {
    topic: Topic.config,
    isCompacted: true,
    retentionMs: null,
    isPartitionCountFixed: true,
    partitions: 'single',
  },
  data(Topic.decisions, 7 * day),
  {
    topic: Topic.audit,
    isCompacted: false,
    retentionMs: 365 * day,
    isPartitionCountFixed: true,
    partitions: 'single',
  },
  data(Topic.deadLetters, 7 * day),
];

/** zone ‖ session: 32 bytes. */
export const sessionKey = (zone: ZoneId, session: SessionId): Buffer => {
  const key = Buffer.allocUnsafe(32);
  zoneBytes(zone).copy(key);
  key.write(session, 16, 'hex');
  return key;
};

/** zone ‖ operation: 20 bytes. Keys sequences.v1 by the operation that ends the sequence. */
export const operationKey = (zone: ZoneId, operation: ShortId): Buffer => {
  const key = Buffer.allocUnsafe(20);
  zoneBytes(zone).copy(key);
  key.writeUInt32BE(operation, 16);
  return key;
};

/** zone ‖ host, the host as UTF-8. */
export const hostKey = (zone: ZoneId, host: string): Buffer =>
  Buffer.concat([Buffer.from(zone, 'hex'), Buffer.from(host, 'utf8')]);

/** zone ‖ session ‖ source: the changelog's key of one open session window. */
export const windowKey = (zone: ZoneId, source: SourceId, session: SessionId): Buffer =>
  Buffer.concat([Buffer.from(zone + session, 'hex'), Buffer.from(source, 'utf8')]);

/** zone ‖ source: the changelog's key of one watermark (17 … 80 bytes, told apart by a leading `w`). */
export const watermarkKey = (zone: ZoneId, source: SourceId): Buffer =>
  Buffer.concat([Buffer.from('w'), Buffer.from(zone, 'hex'), Buffer.from(source, 'utf8')]);

/** The changelog's key of the journal's head (7 bytes, shorter than any window's or watermark's). */
export const journalHeadKey = (): Buffer => Buffer.from('journal');

/** The changelog's key of held requests: the next generation writes over it (9 bytes). */
export const journalHeldKey = (sequence: number): Buffer =>
  Buffer.from(`held/${String(sequence).padStart(4, '0')}`);

/** The changelog's key of one journal chunk: the next generation writes over it (12 bytes). */
export const journalChunkKey = (sequence: number): Buffer =>
  Buffer.from(`journal/${String(sequence).padStart(4, '0')}`);

/** zone: 16 bytes. Keys audit.v1, so that the changes of a zone stay in order. */
export const zoneKey = (zone: ZoneId): Buffer => Buffer.from(zone, 'hex');

/** zone ‖ kind ‖ id of one configuration record. */
export const configKey = (zone: ZoneId, kind: string, id: OperationId | string): Buffer =>
  Buffer.from(`${zone}/${kind}/${id}`, 'utf8');
