/**
 * Counts of the sequences of one epoch of one partition: a trie for each zone (suffix-trie.ts), with two roots for each hour
 * of event time, of sequences and of pairs. Counts only grow; what has grown since it was last taken is dirty.
 *
 * Memory has two bounds, for a zone and for all. Within them counts are exact. A zone beyond its own gives up its rarest and
 * longest sequences: those seen `threshold` times at most, from once upwards, until half of its memory is free. What is
 * given up is counted, and each count says how many occurrences it may miss (lossy counting, Manku and Motwani 2002).
 */
import type { SequenceObserved, ZoneId } from '@precede/contracts';
import {
  collapsedNewestFirst,
  completesCollapsed,
  lookbackStarts,
  MAX_LENGTH,
  rawNewestFirst,
  sharedLength,
} from './ngram.ts';
import { sketchValueOf } from './sketch.ts';
import { type NodeView, SuffixTrie, Weight } from './suffix-trie.ts';

/** A sequenced request as far as it is counted. */
export type Sequenced = Pick<SequenceObserved, 'zoneId' | 'timeMs' | 'operations' | 'runLengths'>;

export interface CounterLimits {
  /** Bytes of one zone. */
  readonly maxZoneBytes: number;
  /** Bytes of all zones: beyond it the largest gives up first. */
  readonly maxBytes: number;
}

export const defaultCounterLimits: CounterLimits = { maxZoneBytes: 16 * 2 ** 20, maxBytes: 64 * 2 ** 20 };

/** Absolute counts within the epoch. The view is reused: copy what must last. */
export interface CountView extends Omit<NodeView, 'root'> {
  zoneId: ZoneId;
  /** Start of the hour of event time, ms. */
  hourMs: number;
  /** A pair has its occurrences in `collapsed`. */
  isPair: boolean;
}

/** What is known of one hour of a zone as a whole. */
export interface CountBucket {
  readonly zoneId: ZoneId;
  readonly hourMs: number;
  /** By length − 1: requests with at least so many operations up to and with them, in raw form; exact. */
  readonly positions: readonly number[];
  /** Counts at or below it are not shown, and may be missing; 0: all counts are exact. */
  readonly threshold: number;
  /** Occurrences that a count above the threshold does not tell of by itself are fewer than or equal to this. */
  readonly missed: number;
  /** Sequences given up so far; one that comes back and goes again is counted twice. */
  readonly dropped: number;
}

interface Hour {
  readonly hourMs: number;
  readonly sequences: number;
  readonly pairs: number;
  readonly positions: number[];
  /** Of the zone when the hour began to be counted. */
  readonly missedBefore: number;
  dropped: number;
  isTouched: boolean;
}

interface Zone {
  readonly zoneId: ZoneId;
  trie: SuffixTrie;
  readonly hours: Map<number, Hour>;
  /** By number of root. */
  readonly hourOfRoot: Hour[];
  threshold: number;
  /** Sum of the thresholds of all prunings. */
  missed: number;
}

const hourLength = 3_600_000;
/** Start of the hour of a time. */
export const hourOf = (timeMs: number): number => timeMs - (timeMs % hourLength);

export class SequenceCounter {
  readonly #limits: CounterLimits;
  readonly #zones = new Map<ZoneId, Zone>();
  #added = 0;

  constructor(limits: CounterLimits = defaultCounterLimits) {
    this.#limits = limits;
  }

  /** Nodes held. */
  get size(): number {
    return this.#sum((trie) => trie.size);
  }

  get bytes(): number {
    return this.#sum((trie) => trie.bytes);
  }

  /** Nodes that have grown since they were last taken. */
  get dirtyCount(): number {
    return this.#sum((trie) => trie.dirtyCount);
  }

  #sum(of: (trie: SuffixTrie) => number): number {
    let sum = 0;
    for (const { trie } of this.#zones.values()) sum += of(trie);
    return sum;
  }

  add(event: SequenceObserved): void {
    this.count(event, sketchValueOf(event.pseudonym));
  }

  /** Counts every occurrence the request completes; O(27). The session is a hash of 32 bits. */
  count(event: Sequenced, session: number): void {
    const zone = this.#zone(event.zoneId);
    const hour = hourIn(zone, hourOf(event.timeMs));
    countIn(zone, hour, event, session);
    hour.isTouched = true;
    this.#added += 1;
    if (zone.trie.bytes > this.#limits.maxZoneBytes) prune(zone, this.#limits.maxZoneBytes / 2);
    // A sum over all zones is too much for each request.
    if (this.#added % 1024 === 0) this.#keepTotal();
  }

  #keepTotal(): void {
    if (this.bytes <= this.#limits.maxBytes) return;
    let largest: Zone | undefined;
    for (const zone of this.#zones.values())
      if (largest === undefined || zone.trie.bytes > largest.trie.bytes) largest = zone;
    if (largest !== undefined) prune(largest, largest.trie.bytes / 2);
  }

  /** What has grown and is above the threshold of its zone, as absolute counts; that is clean afterwards. */
  takeDirty(visit: (view: CountView) => void): void {
    for (const { zoneId, trie, threshold, hourOfRoot } of this.#zones.values())
      trie.takeDirty(threshold, (node) => {
        const hour = hourOfRoot[node.root] as Hour;
        const view = node as unknown as CountView;
        view.zoneId = zoneId;
        view.hourMs = hour.hourMs;
        view.isPair = node.root === hour.pairs;
        visit(view);
      });
  }

  /** The hours of all zones that were counted in, or that something was given up of, since this was last asked. */
  takeBuckets(): CountBucket[] {
    const buckets: CountBucket[] = [];
    for (const zone of this.#zones.values())
      for (const hour of zone.hours.values()) {
        if (!hour.isTouched) continue;
        hour.isTouched = false;
        buckets.push(bucketOf(zone, hour));
      }
    return buckets;
  }

  #zone(zoneId: ZoneId): Zone {
    const known = this.#zones.get(zoneId);
    if (known !== undefined) return known;
    const zone: Zone = {
      zoneId,
      trie: new SuffixTrie(),
      hours: new Map(),
      hourOfRoot: [],
      threshold: 0,
      missed: 0,
    };
    this.#zones.set(zoneId, zone);
    return zone;
  }
}

const hourIn = (zone: Zone, hourMs: number): Hour => {
  const known = zone.hours.get(hourMs);
  if (known !== undefined) return known;
  const sequences = zone.trie.addRoot();
  const hour: Hour = {
    hourMs,
    sequences,
    pairs: zone.trie.addRoot(),
    positions: Array.from({ length: MAX_LENGTH }, () => 0),
    missedBefore: zone.missed,
    dropped: 0,
    isTouched: true,
  };
  zone.hours.set(hourMs, hour);
  zone.hourOfRoot.push(hour, hour);
  return hour;
};

const countIn = ({ trie, missed: ofZone }: Zone, hour: Hour, event: Sequenced, session: number): void => {
  const missed = ofZone - hour.missedBefore;
  const raw = rawNewestFirst(event);
  for (let length = 0; length < raw.length; length += 1)
    hour.positions[length] = (hour.positions[length] as number) + 1;
  if (!completesCollapsed(event)) {
    trie.add(hour.sequences, raw, Weight.raw, session, missed);
    return;
  }
  const shared = sharedLength(event);
  const collapsed = collapsedNewestFirst(event);
  if (shared === raw.length && shared === collapsed.length)
    trie.add(hour.sequences, raw, Weight.both, session, missed);
  else trie.addForked(hour.sequences, collapsed, raw, shared, session, missed);
  const starts = lookbackStarts(event);
  if (starts.length > 0)
    trie.addPairs(hour.pairs, event.operations.at(-1) as number, starts, session, missed);
};

/** At least once; as long as too little comes free, with twice the threshold. */
const prune = (zone: Zone, untilBytes: number): void => {
  for (let factor = 1; ; factor = 2) {
    zone.threshold = Math.max(1, zone.threshold * factor);
    const { trie, dropped } = zone.trie.pruned(zone.threshold);
    zone.trie = trie;
    zone.missed += zone.threshold;
    // What may be missing has grown everywhere.
    for (const hour of zone.hours.values()) hour.isTouched = true;
    for (const [root, count] of dropped.entries()) (zone.hourOfRoot[root] as Hour).dropped += count;
    if (zone.trie.bytes <= untilBytes || zone.trie.size <= zone.hourOfRoot.length) return;
  }
};

const bucketOf = (zone: Zone, hour: Hour): CountBucket => ({
  zoneId: zone.zoneId,
  hourMs: hour.hourMs,
  positions: [...hour.positions],
  threshold: zone.threshold,
  // What is still below the threshold is not shown either.
  missed: zone.threshold === 0 ? 0 : zone.missed - hour.missedBefore + zone.threshold,
  dropped: hour.dropped,
});
