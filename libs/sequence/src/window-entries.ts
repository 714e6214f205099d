/** What is stored of the counts of a zone, and one hour of it in typed arrays: what zone-counts.ts adds up. */
import { grown } from './typed-arrays.ts';

/** A row as stored. Rows of one group (a partition and epoch) may overlap: the largest count of a sequence holds. */
export interface StoredCount {
  readonly partition: number;
  readonly epoch: number;
  /** Oldest first. */
  readonly operations: ArrayLike<number>;
  /** The counts hold for every ending of `operations` from this length on. */
  readonly firstLength: number;
  readonly collapsed: number;
  readonly raw: number;
  readonly sessions: ArrayLike<number>;
  /** Empty: the same as `sessions`. */
  readonly rawSessions: ArrayLike<number>;
  readonly missed: number;
}

/** A partition's epoch within an hour. */
export interface StoredBucket {
  readonly partition: number;
  readonly epoch: number;
  readonly positions: readonly number[];
  readonly threshold: number;
  readonly missed: number;
  readonly dropped: number;
}

type EntryCounts = Pick<StoredCount, 'collapsed' | 'raw' | 'sessions' | 'rawSessions'>;

/** What one hour holds: each sequence of a group in one entry, an entry for a sequence and `span` − 1 of its endings. */
export class Entries {
  length = 0;
  node = new Uint32Array(64);
  span = new Uint8Array(64);
  collapsed = new Uint32Array(64);
  raw = new Uint32Array(64);
  /** Of the bound of its bucket, the part that does not concern this entry. */
  credit = new Uint32Array(64);
  /** Where its sessions begin, then those of the raw form; they end where the next ones begin. */
  sessionsAt = new Uint32Array(65);
  rawSessionsAt = new Uint32Array(64);
  sessions = new Uint32Array(128);
  #sessionCount = 0;

  push(node: number, span: number, row: EntryCounts, credit: number): void {
    if (this.length === this.node.length) this.#grow();
    const at = this.length;
    this.length += 1;
    this.node[at] = node;
    this.span[at] = span;
    this.collapsed[at] = row.collapsed;
    this.raw[at] = row.raw;
    this.credit[at] = credit;
    this.#pushSessions(row.sessions);
    this.rawSessionsAt[at] = this.#sessionCount;
    this.#pushSessions(row.rawSessions);
    this.sessionsAt[at + 1] = this.#sessionCount;
  }

  get bytes(): number {
    return this.node.length * 25 + this.sessions.length * 4;
  }

  /** Leaves an entry the sequences from its own down to where it keeps `span` of them. */
  cut(at: number, node: number, span: number): void {
    this.node[at] = node;
    this.span[at] = span;
  }

  /** −1 where there are several. */
  onlySession(at: number): number {
    const from = this.sessionsAt[at] as number;
    return (this.sessionsAt[at + 1] as number) === from + 1 ? (this.sessions[from] as number) : -1;
  }

  /** Without the entries that no sequence is left of. */
  compacted(): Entries {
    const fresh = new Entries();
    for (let i = 0; i < this.length; i += 1) if (this.span[i] !== 0) fresh.#copy(this, i);
    fresh.trim();
    return fresh;
  }

  #copy(from: Entries, i: number): void {
    const rawAt = from.rawSessionsAt[i] as number;
    const counts = { collapsed: from.collapsed[i] as number, raw: from.raw[i] as number };
    const sessions = from.sessions.subarray(from.sessionsAt[i], rawAt);
    const rawSessions = from.sessions.subarray(rawAt, from.sessionsAt[i + 1]);
    const credit = from.credit[i] as number;
    this.push(from.node[i] as number, from.span[i] as number, { ...counts, sessions, rawSessions }, credit);
  }

  /** Once nothing more comes: doubling has left up to half of each array empty. */
  trim(): void {
    const { length } = this;
    this.node = this.node.slice(0, length);
    this.span = this.span.slice(0, length);
    this.collapsed = this.collapsed.slice(0, length);
    this.raw = this.raw.slice(0, length);
    this.credit = this.credit.slice(0, length);
    this.sessionsAt = this.sessionsAt.slice(0, length + 1);
    this.rawSessionsAt = this.rawSessionsAt.slice(0, length);
    this.sessions = this.sessions.slice(0, this.#sessionCount);
  }

  #pushSessions(values: ArrayLike<number>): void {
    while (this.#sessionCount + values.length > this.sessions.length)
      this.sessions = grown(this.sessions, this.sessions.length * 2);
    for (let i = 0; i < values.length; i += 1) this.sessions[this.#sessionCount + i] = values[i] as number;
    this.#sessionCount += values.length;
  }

  #grow(): void {
    this.node = grown(this.node, this.node.length * 2);
    this.span = grown(this.span, this.span.length * 2);
    this.collapsed = grown(this.collapsed, this.collapsed.length * 2);
    this.raw = grown(this.raw, this.raw.length * 2);
    this.credit = grown(this.credit, this.credit.length * 2);
    this.rawSessionsAt = grown(this.rawSessionsAt, this.rawSessionsAt.length * 2);
    this.sessionsAt = grown(this.sessionsAt, this.node.length + 1);
  }
}
