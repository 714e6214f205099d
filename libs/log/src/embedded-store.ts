/**
 * The embedded log on disk: LMDB databases and the one function that changes them. `apply` runs inside a transaction and
 * is all or nothing. Readers see committed state only; LMDB needs no lock for them.
 *   meta     name → JSON: the topics
 *   records  topic · partition · offset → frame
 *   ends     topic · partition → next offset, newest append time (they outlive retention)
 *   newest   topic · partition · key → offset of the key's newest record, of compacted topics
 *   commits  topic · partition · group → committed offset
 */
import { createHash } from 'node:crypto';
import type { TopicName, TopicSpec } from '@precede/contracts';
import { ConfigError } from '@precede/contracts';
import { type Database, open, type RootDatabase } from 'lmdb';
import { decodeFrame, encodeFrame, offsetOf, recordKey } from './embedded-frame.ts';
import { partitionOf } from './partition.ts';
import type { LogRecord, OutgoingRecord } from './port.ts';

export interface TopicState {
  readonly id: number;
  readonly topic: TopicName;
  readonly partitions: number;
  readonly isCompacted: boolean;
  readonly retentionMs: number | null;
}

export interface PlacedRecord {
  readonly state: TopicState;
  readonly partition: number;
  readonly record: OutgoingRecord;
}

export interface CommitMark {
  readonly group: string;
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: number;
}

/** One unit of change. */
export interface Change {
  readonly records: readonly PlacedRecord[];
  readonly commit?: CommitMark;
}

interface End {
  next: number;
  timeMs: number;
}

type Bytes = Database<Buffer, Buffer>;
const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const;

export class EmbeddedStore {
  readonly #env: RootDatabase<Buffer, Buffer>;
  readonly #meta: Bytes;
  readonly #records: Bytes;
  readonly #ends: Bytes;
  readonly #newest: Bytes;
  readonly #commits: Bytes;
  readonly #topics = new Map<TopicName, TopicState>();
  /** What is committed; a transaction works on copies that replace these when it is through. */
  readonly #committedEnds = new Map<TopicName, readonly End[]>();
  #draftEnds = new Map<TopicName, End[]>();

  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    // Syncing is not overlapped: a commit that returns is on disk.
    this.#env = open({ path: dir, maxDbs: 8, overlappingSync: false, ...bytes });
    this.#meta = this.#env.openDB({ name: 'meta', ...bytes });
    this.#records = this.#env.openDB({ name: 'records', ...bytes });
    this.#ends = this.#env.openDB({ name: 'ends', ...bytes });
    this.#newest = this.#env.openDB({ name: 'newest', ...bytes });
    this.#commits = this.#env.openDB({ name: 'commits', ...bytes });
    this.#load();
  }

  /** Runs `work` as one transaction: durable when this returns, undone when it throws. */
  transact(work: () => void): void {
    this.#draftEnds = new Map();
    this.#env.transactionSync(() => {
      work();
      this.#saveEnds();
    });
    for (const [topic, ends] of this.#draftEnds) this.#committedEnds.set(topic, ends);
  }

  topic(topic: TopicName): TopicState {
    const state = this.#topics.get(topic);
    if (state === undefined) throw new ConfigError([`The topic ${topic} does not exist in the event log.`]);
    return state;
  }

  topics(): Iterable<TopicState> {
    return this.#topics.values();
  }

  /** Creates a topic, or takes over its retention; a partition count once given stays. */
  ensureTopic(spec: TopicSpec, partitions: number): void {
    const known = this.#topics.get(spec.topic);
    if (known !== undefined && known.partitions !== partitions && spec.isPartitionCountFixed)
      throw new ConfigError([
        `The topic ${spec.topic} has ${known.partitions} partitions and cannot have ${partitions}: its keys would move.`,
      ]);
    const { topic, isCompacted, retentionMs } = spec;
    const id = known?.id ?? this.#topics.size + 1;
    const state = { id, topic, partitions: known?.partitions ?? partitions, isCompacted, retentionMs };
    this.#env.transactionSync(() => {
      this.#meta.putSync(Buffer.from(`topic/${topic}`), Buffer.from(JSON.stringify(state)));
    });
    this.#adopt(state);
  }

  /** The partition a record goes to. */
  place(record: OutgoingRecord): PlacedRecord {
    const state = this.topic(record.topic);
    const partition = record.partition ?? partitionOf(record.partitionBy ?? record.key, state.partitions);
    if (partition < 0 || partition >= state.partitions)
      throw new ConfigError([`The topic ${record.topic} has no partition ${partition}.`]);
    return { state, partition, record };
  }

  /** Inside `transact`: appends the records and moves the commit. */
  apply(change: Change, nowMs: number): void {
    for (const placed of change.records) this.#append(placed, nowMs);
    const { commit } = change;
    if (commit !== undefined) this.#commits.putSync(this.#commitKey(commit), fromNumber(commit.offset));
  }

  /** Records from `position` on, at most `maxRecords` and about `maxBytes`; `next` is where to read on. */
  read(topic: TopicName, partition: number, position: number, limits: ReadLimits): ReadResult {
    const state = this.topic(topic);
    const records: LogRecord[] = [];
    const end = this.end(topic, partition);
    if (position >= end) return { records, next: position, isAtEnd: true };
    let size = 0;
    const range = this.#records.getRange({
      start: recordKey(state.id, partition, position),
      end: recordKey(state.id, partition, end),
      limit: limits.maxRecords,
    });
    for (const { key, value } of range) {
      records.push(decodeFrame(topic, partition, offsetOf(key), value));
      size += value.length;
      if (size >= limits.maxBytes) break;
    }
    const isCut = records.length === limits.maxRecords || size >= limits.maxBytes;
    // Where compaction or retention left a gap at the end, there is nothing more to come before it.
    const next = isCut ? (records.at(-1) as LogRecord).offset + 1 : end;
    return { records, next, isAtEnd: next === end };
  }

  end(topic: TopicName, partition: number): number {
    return this.#committedEnds.get(topic)?.[partition]?.next ?? 0;
  }

  /** The oldest offset still kept, or the end. */
  start(topic: TopicName, partition: number): number {
    const { id } = this.topic(topic);
    const range = this.#records.getKeys({
      start: recordKey(id, partition, 0),
      end: recordKey(id, partition + 1, 0),
      limit: 1,
    });
    for (const key of range) return offsetOf(key);
    return this.end(topic, partition);
  }

  committed(group: string, topic: TopicName, partition: number): number | null {
    const stored = this.#commits.get(this.#commitKey({ group, topic, partition }));
    return stored === undefined ? null : toNumber(stored);
  }

  /** Oldest frames of a partition from an offset on; for retention. */
  frames(state: TopicState, partition: number, from: number, limit: number): [number, Buffer][] {
    const range = this.#records.getRange({
      start: recordKey(state.id, partition, from),
      end: recordKey(state.id, partition + 1, 0),
      limit,
    });
    return [...range].map(({ key, value }) => [offsetOf(key), value]);
  }

  /** Inside `transact`: forgets a record and, in a compacted topic, that it was its key's newest. */
  remove(state: TopicState, partition: number, offset: number): void {
    const at = recordKey(state.id, partition, offset);
    if (state.isCompacted) {
      const frame = this.#records.get(at);
      const key = frame && decodeFrame(state.topic, partition, offset, frame).key;
      if (key) this.#newest.removeSync(newestKey(state.id, partition, key));
    }
    this.#records.removeSync(at);
  }

  async close(): Promise<void> {
    await this.#env.close();
  }

  #append({ state, partition, record }: PlacedRecord, nowMs: number): void {
    const end = this.#draftEnd(state.topic, partition);
    const offset = end.next;
    end.next += 1;
    end.timeMs = Math.max(end.timeMs, nowMs);
    if (state.isCompacted) this.#supersede(state, partition, record.key, offset);
    this.#records.putSync(recordKey(state.id, partition, offset), encodeFrame(record, end.timeMs));
  }

  #supersede(state: TopicState, partition: number, key: Buffer, offset: number): void {
    const at = newestKey(state.id, partition, key);
    const older = this.#newest.get(at);
    if (older !== undefined) this.#records.removeSync(recordKey(state.id, partition, toNumber(older)));
    this.#newest.putSync(at, fromNumber(offset));
  }

  #saveEnds(): void {
    for (const [topic, ends] of this.#draftEnds) {
      const { id } = this.topic(topic);
      ends.forEach(({ next, timeMs }, partition) => {
        if (next === this.end(topic, partition)) return;
        this.#ends.putSync(recordKey(id, partition, 0), fromNumber(next, timeMs));
      });
    }
  }

  #draftEnd(topic: TopicName, partition: number): End {
    let drafts = this.#draftEnds.get(topic);
    if (drafts === undefined) {
      drafts = (this.#committedEnds.get(topic) ?? []).map((end) => ({ ...end }));
      this.#draftEnds.set(topic, drafts);
    }
    return drafts[partition] as End;
  }

  #commitKey({ group, topic, partition }: Omit<CommitMark, 'offset'>): Buffer {
    return Buffer.concat([recordKey(this.topic(topic).id, partition, 0), Buffer.from(group)]);
  }

  #load(): void {
    const start = Buffer.from('topic/');
    for (const { value } of this.#meta.getRange({ start, end: Buffer.from('topic0') }))
      this.#adopt(JSON.parse(value.toString()) as TopicState);
  }

  #adopt(state: TopicState): void {
    this.#topics.set(state.topic, state);
    if (this.#committedEnds.has(state.topic)) return;
    const ends = Array.from({ length: state.partitions }, (_, partition) => {
      const stored = this.#ends.get(recordKey(state.id, partition, 0));
      return stored === undefined
        ? { next: 0, timeMs: 0 }
        : { next: toNumber(stored), timeMs: stored.readDoubleBE(8) };
    });
    this.#committedEnds.set(state.topic, ends);
  }
}

export interface ReadLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export interface ReadResult {
  readonly records: readonly LogRecord[];
  readonly next: number;
  readonly isAtEnd: boolean;
}

// LMDB keys are short: a longer key of ours stands under its hash.
const newestKey = (topicId: number, partition: number, key: Buffer): Buffer => {
  const head = recordKey(topicId, partition, 0);
  return key.length <= 200
    ? Buffer.concat([head, Buffer.from([0]), key])
    : Buffer.concat([head, Buffer.from([1]), createHash('sha256').update(key).digest()]);
};

const fromNumber = (...numbers: readonly number[]): Buffer => {
  const stored = Buffer.allocUnsafe(numbers.length * 8);
  numbers.forEach((n, i) => {
    stored.writeDoubleBE(n, i * 8);
  });
  return stored;
};
const toNumber = (stored: Buffer): number => stored.readDoubleBE(0);
