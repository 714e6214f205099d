/**
 * The counts of one zone over a window of hours, as they were stored by all partitions (counter.ts): what scores are computed
 * from. An hour is replaced whole when there is something new of it, and dropped when the window has passed it.
 */
import { SequenceIndex } from './sequence-index.ts';
import { addToSketch, distinctOf } from './sketch.ts';
import type { CountTable } from './table.ts';
import { grown } from './typed-arrays.ts';
import { Entries, type StoredBucket, type StoredCount } from './window-entries.ts';

/** Sums over the window, by the numbers of the index. */
export interface Totals {
  readonly index: SequenceIndex;
  readonly collapsed: Float64Array;
  readonly raw: Float64Array;
  /** Upper bound of what a count is short of; undefined: all counts are exact. */
  readonly missed: Float64Array | undefined;
}

interface Hour {
  entries: Entries;
  readonly buckets: readonly StoredBucket[];
}

const groupOf = (row: { readonly partition: number; readonly epoch: number }): string =>
  `${row.partition}/${row.epoch}`;

/** The rarest were forgotten: those that had occurred `threshold` times at most, in the hours before the newest one. */
interface Forgetting {
  readonly hourMs: number;
  readonly threshold: number;
  readonly count: number;
}

export interface WhatToForget {
  /** The newest hour stays whole: it is likely to be read again. */
  readonly keepsNewest: boolean;
  /** Only what a session alone has made that has made thousands of them. */
  readonly isOfScanners: boolean;
}

/** Rare sequences of one session in a window: beyond that it is a scanner. A client with a thousand new turns a day is none. */
const mostOfOneClient = 5_000;

/**
 * One kind of sequences of a zone: those of one and more operations, or the pairs. What is rare in the whole window can be
 * forgotten for the sake of memory; how much a count may be short of for that is known of every sequence.
 */
export class WindowCounts {
  #index = new SequenceIndex();
  readonly #hours = new Map<number, Hour>();
  /** Of a last operation: all records of it are in one partition. */
  readonly #partitionOf = new Map<number, number>();
  #claimed = new Uint32Array(0);
  #claims = 0;
  /** Size of the index after it was last made anew. */
  #compacted = 100_000;
  /** Those that the window has not passed yet. */
  #forgettings: Forgetting[] = [];
  /** Sum of the thresholds of all forgettings ever. */
  #forgotten = 0;
  /** That sum as it was when the sequence was last without a count; new ones may have lost as much as any. */
  #lostBefore = new Float64Array(0);

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
    entries.trim();
    this.#hours.set(hourMs, { entries, buckets });
  }

  dropBefore(hourMs: number): void {
    for (const hour of this.#hours.keys()) if (hour < hourMs) this.#hours.delete(hour);
    this.#forgettings = this.#forgettings.filter((each) => each.hourMs >= hourMs);
  }

  /**
   * Forgets what occurred `threshold` times at most in the whole window. Returns how many sequences went, one for each hour
   * that had it.
   */
  forget(threshold: number, { keepsNewest, isOfScanners }: WhatToForget): number {
    const newest = Math.max(...this.#hours.keys());
    const { index, collapsed, raw } = this.totals();
    const isRare = (node: number): boolean =>
      Math.max(collapsed[node] as number, raw[node] as number) <= threshold;
    const hours = [...this.#hours].filter(([hourMs]) => !(keepsNewest && hourMs === newest));
    const scanners = isOfScanners ? this.#scanners(isRare) : undefined;
    let count = 0;
    for (const [, hour] of hours) {
      count += cutRare(hour.entries, index, isRare, scanners, this.#lostBefore, this.#forgotten + threshold);
      hour.entries = hour.entries.compacted();
    }
    if (count === 0) return 0;
    this.#forgotten += threshold;
    this.#forgettings.push({ hourMs: newest, threshold, count });
    this.#renumber();
    return count;
  }

  /** Sessions that alone have made so many rare sequences that no ordinary client is among them. */
  #scanners(isRare: (node: number) => boolean): Set<number> {
    const made = new Map<number, number>();
    for (const { entries } of this.#hours.values())
      for (let i = 0; i < entries.length; i += 1) {
        const session = entries.onlySession(i);
        if (session >= 0 && isRare(entries.node[i] as number))
          made.set(session, (made.get(session) ?? 0) + (entries.span[i] as number));
      }
    return new Set([...made].filter(([, count]) => count > mostOfOneClient).map(([session]) => session));
  }

  /** Sequences that the index has got since have lost what any may have lost. */
  #extendLost(): void {
    const known = this.#lostBefore.length;
    if (known >= this.#index.size) return;
    const lost = new Float64Array(this.#index.size).fill(this.#forgotten, known);
    lost.set(this.#lostBefore);
    this.#lostBefore = lost;
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
    this.#claimed = grown(this.#claimed, this.#index.size * 2);
  }

  /** O(entries). Forgets sequences that no hour has any more, once they are most. */
  totals(): Totals {
    if (this.#index.size >= this.#compacted * 2) this.#renumber();
    this.#extendLost();
    const index = this.#index;
    const collapsed = new Float64Array(index.size);
    const raw = new Float64Array(index.size);
    const isExact =
      this.#forgettings.length === 0 &&
      [...this.#hours.values()].every((hour) => hour.buckets.every((each) => each.missed === 0));
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
    const given = new Float64Array(index.size);
    for (let node = 1; node < index.size; node += 1)
      given[node] =
        index.depth[node] === 1
          ? (ofPartition.get(this.#partitionOf.get(index.operation[node] as number) ?? -1) ?? 0)
          : (given[index.parent[node] as number] as number);
    // Forgettings that the window has passed took occurrences that it has passed too.
    const passed = this.#forgotten - this.#forgettings.reduce((sum, each) => sum + each.threshold, 0);
    return given.map((bound, node) => bound + Math.max(0, (this.#lostBefore[node] as number) - passed));
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

  /** Sequences given up within the window, before they were stored or since. */
  dropped(): number {
    let sum = this.#forgettings.reduce((all, each) => all + each.count, 0);
    for (const { buckets } of this.#hours.values()) for (const { dropped } of buckets) sum += dropped;
    return sum;
  }

  /** An index of what the hours hold, and nothing else. */
  #renumber(): void {
    this.#extendLost();
    const [old, fresh] = [this.#index, new SequenceIndex()];
    const lost: number[] = [0];
    for (const { entries } of this.#hours.values())
      for (let i = 0; i < entries.length; i += 1) {
        let from = entries.node[i] as number;
        let to = fresh.of(old.operations(from));
        entries.node[i] = to;
        for (; to !== 0 && lost[to] === undefined; from = old.parent[from] as number) {
          lost[to] = this.#lostBefore[from] as number;
          to = fresh.parent[to] as number;
        }
      }
    this.#index = fresh;
    this.#lostBefore = Float64Array.from(lost);
    this.#claimed = new Uint32Array(0);
    this.#compacted = Math.max(100_000, fresh.size);
  }
}

/** Leaves room, so that memory is not short again with the next hour. */
const wantedShare = 0.75;
/** What occurs more often in a window is not rare, whatever it takes. */
const maxThreshold = 1_024;

/**
 * Forgets the rarest sequences of these windows until they take three quarters of the memory they may, if they take more.
 * What scanners have made goes first: it is most of what is rare, and nobody misses it.
 */
export const keepWithin = (windows: readonly WindowCounts[], maxBytes: number): void => {
  const bytes = (): number => windows.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes() <= maxBytes) return;
  for (const isOfScanners of [true, false])
    for (let threshold = 1; threshold <= (isOfScanners ? 1 : maxThreshold); threshold *= 2)
      for (const keepsNewest of [true, false])
        for (const window of windows) {
          if (bytes() <= maxBytes * wantedShare) return;
          window.forget(threshold, { keepsNewest, isOfScanners });
        }
};

/**
 * Cuts each entry down to what is not rare: the longer a sequence, the rarer it is. What is cut has lost as much as `lost`
 * says. Returns how many sequences went.
 */
const cutRare = (
  entries: Entries,
  index: SequenceIndex,
  isRare: (node: number) => boolean,
  scanners: ReadonlySet<number> | undefined,
  lostBefore: Float64Array,
  lost: number,
): number => {
  let count = 0;
  for (let i = 0; i < entries.length; i += 1) {
    if (scanners !== undefined && !scanners.has(entries.onlySession(i))) continue;
    let node = entries.node[i] as number;
    let span = entries.span[i] as number;
    for (; span > 0 && isRare(node); span -= 1) {
      lostBefore[node] = lost;
      node = index.parent[node] as number;
      count += 1;
    }
    entries.cut(i, node, span);
  }
  return count;
};

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
