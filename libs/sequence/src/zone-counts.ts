/**
 * The counts of one zone over a window of hours, as they were stored by all partitions (counter.ts): what scores are computed
 * from. An hour is replaced whole when there is something new of it, and dropped when the window has passed it.
 */
import { SequenceIndex } from './sequence-index.ts';
import { addToSketch, distinctOf } from './sketch.ts';
import type { CountTable } from './table.ts';

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

/** What one hour holds: each sequence of a group in one entry, an entry for a sequence and `span` − 1 of its endings. */
class Entries {
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

  push(node: number, span: number, row: StoredCount, credit: number): void {
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

  #pushSessions(values: ArrayLike<number>): void {
    while (this.#sessionCount + values.length > this.sessions.length)
      this.sessions = doubled(this.sessions, Uint32Array);
    for (let i = 0; i < values.length; i += 1) this.sessions[this.#sessionCount + i] = values[i] as number;
    this.#sessionCount += values.length;
  }

  #grow(): void {
    this.node = doubled(this.node, Uint32Array);
    this.span = doubled(this.span, Uint8Array);
    this.collapsed = doubled(this.collapsed, Uint32Array);
    this.raw = doubled(this.raw, Uint32Array);
    this.credit = doubled(this.credit, Uint32Array);
    this.rawSessionsAt = doubled(this.rawSessionsAt, Uint32Array);
    const at = new Uint32Array(this.node.length + 1);
    at.set(this.sessionsAt);
    this.sessionsAt = at;
  }
}

const doubled = <T extends Uint32Array | Uint8Array>(old: T, make: new (length: number) => T): T => {
  const larger = new make(old.length * 2);
  larger.set(old);
  return larger;
};

/** Sums over the window, by the numbers of the index. */
export interface Totals {
  readonly index: SequenceIndex;
  readonly collapsed: Float64Array;
  readonly raw: Float64Array;
  /** Upper bound of what a count is short of; undefined: all counts are exact. */
  readonly missed: Float64Array | undefined;
}

interface Hour {
  readonly entries: Entries;
  readonly buckets: readonly StoredBucket[];
}

const groupOf = (row: { readonly partition: number; readonly epoch: number }): string =>
  `${row.partition}/${row.epoch}`;

/** One kind of sequences of a zone: those of one and more operations, or the pairs. */
export class WindowCounts {
  #index = new SequenceIndex();
  readonly #hours = new Map<number, Hour>();
  /** Of a last operation: all records of it are in one partition. */
  readonly #partitionOf = new Map<number, number>();
  #claimed = new Uint32Array(0);
  #claims = 0;
  /** Size of the index after it was last made anew. */
  #compacted = 100_000;

  get hours(): readonly number[] {
    return [...this.#hours.keys()];
  }

  get bytes(): number {
    let bytes = this.#index.bytes;
    for (const { entries } of this.#hours.values()) bytes += entries.bytes;
    return bytes;
  }

  /** Replaces an hour. Rows of a group stand together, shorter ones before longer ones. */
  setHour(hourMs: number, rows: Iterable<StoredCount>, buckets: readonly StoredBucket[]): void {
    const entries = new Entries();
    const bounds = new Map(buckets.map((bucket) => [groupOf(bucket), bucket]));
    let group = '';
    let bound: StoredBucket | undefined;
    for (const row of rows) {
      const own = groupOf(row);
      if (own !== group) {
        group = own;
        bound = bounds.get(own);
        this.#claims += 1;
      }
      this.#enter(entries, row, bound);
    }
    this.#hours.set(hourMs, { entries, buckets });
  }

  dropBefore(hourMs: number): void {
    for (const hour of this.#hours.keys()) if (hour < hourMs) this.#hours.delete(hour);
  }

  /** A row gives the sequences that no shorter row of its group has given: those counts are at least as large. */
  #enter(entries: Entries, row: StoredCount, bound: StoredBucket | undefined): void {
    const node = this.#index.of(row.operations);
    if (this.#claimed.length < this.#index.size) this.#growClaims();
    let span = 0;
    for (let at = node; (this.#index.depth[at] as number) >= row.firstLength && at !== 0; span += 1) {
      if (this.#claimed[at] === this.#claims) break;
      this.#claimed[at] = this.#claims;
      at = this.#index.parent[at] as number;
    }
    if (span === 0) return;
    const isCounted = bound !== undefined && Math.max(row.collapsed, row.raw) > bound.threshold;
    const credit = isCounted ? Math.max(0, bound.missed - row.missed) : 0;
    entries.push(node, span, row, credit);
    this.#partitionOf.set(row.operations[row.operations.length - 1] as number, row.partition);
  }

  #growClaims(): void {
    const claimed = new Uint32Array(this.#index.size * 2);
    claimed.set(this.#claimed);
    this.#claimed = claimed;
  }

  /** O(entries). Forgets sequences that no hour has any more, once they are most. */
  totals(): Totals {
    this.#compact();
    const index = this.#index;
    const collapsed = new Float64Array(index.size);
    const raw = new Float64Array(index.size);
    const isExact = [...this.#hours.values()].every((hour) =>
      hour.buckets.every((each) => each.missed === 0),
    );
    const missed = isExact ? undefined : this.#bounds(index);
    for (const { entries } of this.#hours.values())
      for (let i = 0; i < entries.length; i += 1) {
        let at = entries.node[i] as number;
        for (let n = entries.span[i] as number; n > 0; n -= 1) {
          collapsed[at] = (collapsed[at] as number) + (entries.collapsed[i] as number);
          raw[at] = (raw[at] as number) + (entries.raw[i] as number);
          if (missed !== undefined) missed[at] = (missed[at] as number) - (entries.credit[i] as number);
          at = index.parent[at] as number;
        }
      }
    return { index, collapsed, raw, missed };
  }

  /** What may be missing of a sequence that no entry vouches for: all that its partition may have given up. */
  #bounds(index: SequenceIndex): Float64Array {
    const ofPartition = new Map<number, number>();
    for (const { buckets } of this.#hours.values())
      for (const { partition, missed } of buckets)
        ofPartition.set(partition, (ofPartition.get(partition) ?? 0) + missed);
    const bounds = new Float64Array(index.size);
    for (let node = 1; node < index.size; node += 1)
      bounds[node] =
        index.depth[node] === 1
          ? (ofPartition.get(this.#partitionOf.get(index.operation[node] as number) ?? -1) ?? 0)
          : (bounds[index.parent[node] as number] as number);
    return bounds;
  }

  /** The merged sketches of the wanted sequences, of the raw form or the collapsed. */
  sketches(wanted: Uint8Array, isRaw: boolean): Map<number, number[]> {
    const merged = new Map<number, number[]>();
    const { parent } = this.#index;
    for (const { entries } of this.#hours.values())
      for (let i = 0; i < entries.length; i += 1) {
        if (((isRaw ? entries.raw : entries.collapsed)[i] as number) === 0) continue;
        let at = entries.node[i] as number;
        for (let n = entries.span[i] as number; n > 0; n -= 1) {
          if (wanted[at] === 1) mergeInto(merged, at, entries, i, isRaw);
          at = parent[at] as number;
        }
      }
    return merged;
  }

  /** By length − 1: requests that had so many operations up to and with them. */
  positions(): number[] {
    const positions: number[] = [];
    for (const { buckets } of this.#hours.values())
      for (const bucket of buckets)
        for (const [i, count] of bucket.positions.entries()) positions[i] = (positions[i] ?? 0) + count;
    return positions;
  }

  /** Sequences given up within the window. */
  dropped(): number {
    let sum = 0;
    for (const { buckets } of this.#hours.values()) for (const { dropped } of buckets) sum += dropped;
    return sum;
  }

  #compact(): void {
    if (this.#index.size < this.#compacted * 2) return;
    const fresh = new SequenceIndex();
    for (const { entries } of this.#hours.values())
      for (let i = 0; i < entries.length; i += 1)
        entries.node[i] = fresh.of(this.#index.operations(entries.node[i] as number));
    this.#index = fresh;
    this.#claimed = new Uint32Array(0);
    this.#compacted = Math.max(100_000, fresh.size);
  }
}

const mergeInto = (
  merged: Map<number, number[]>,
  node: number,
  entries: Entries,
  at: number,
  isRaw: boolean,
): void => {
  let sketch = merged.get(node);
  if (sketch === undefined) {
    sketch = [];
    merged.set(node, sketch);
  }
  const rawFrom = entries.rawSessionsAt[at] as number;
  const end = entries.sessionsAt[at + 1] as number;
  const isApart = isRaw && rawFrom < end;
  const from = isApart ? rawFrom : (entries.sessionsAt[at] as number);
  for (let i = from; i < (isApart ? end : rawFrom); i += 1)
    addToSketch(sketch, entries.sessions[i] as number);
};

/** One form of the sums. Pairs are in collapsed form. */
export const tableFrom = (window: WindowCounts, totals: Totals, form: 'collapsed' | 'raw'): CountTable => ({
  index: totals.index,
  counts: totals[form],
  missed: totals.missed,
  sessions: (wanted) => {
    const sketches = window.sketches(wanted, form === 'raw');
    const distinct = new Map([...sketches].map(([node, sketch]) => [node, distinctOf(sketch)]));
    return (node) => distinct.get(node) ?? 0;
  },
});
