/**
 * The counts that one zone is scored from, kept between scorings: an hour is read anew when more of it is stored, so live
 * traffic costs the open hour alone. Only the ranker that owns the zone has one.
 */
import { setImmediate as turn } from 'node:timers/promises';
import {
  correlationOf,
  keepWithin,
  lookbackOf,
  precedenceOf,
  type ScoreOptions,
  type SequenceCount,
  type StoredBucket,
  tableFrom,
  WindowCounts,
} from '@precede/sequence';
import {
  type CountKind,
  type HourBuckets,
  readBuckets,
  readHour,
  type Scored,
  thresholdFor,
} from './rank-store.ts';
import type { Storage } from './storage.ts';

export interface WindowBounds {
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows of one hour and kind. */
  readonly maxRows: number;
  /** Beyond it the rarest sequences of the window are forgotten. */
  readonly maxBytes: number;
}

export interface ScoredZone {
  readonly scored: Scored;
  /** Sequences left out for some budget; 0: every score is exact. */
  readonly cutCount: number;
}

export class ZoneWindow {
  readonly #zoneId: string;
  readonly #sequences = new WindowCounts();
  readonly #pairs = new WindowCounts();
  /** What was read of each hour, by its start. */
  readonly #versions = new Map<number, string>();

  constructor(zoneId: string) {
    this.#zoneId = zoneId;
  }

  get bytes(): number {
    return this.#sequences.bytes + this.#pairs.bytes;
  }

  get dropped(): number {
    return this.#sequences.dropped() + this.#pairs.dropped();
  }

  /** Of the window, sequenced or not: those with a session. */
  get requests(): number {
    return this.#sequences.positions()[0] ?? 0;
  }

  /**
   * Counts of collapsed sequences up to a length. Distinct sessions are counted where there may be `minSessions` of them; below
   * that the occurrences stand for them.
   */
  counts(maxLength: number, minSessions: number): SequenceCount[] {
    const { index, counts, sessions } = tableFrom(this.#sequences, this.#sequences.totals(), 'collapsed');
    const wanted = new Uint8Array(counts.length);
    const nodes: number[] = [];
    for (let node = 1; node < counts.length; node += 1) {
      const occurrences = counts[node] as number;
      if (occurrences === 0 || (index.depth[node] as number) > maxLength) continue;
      nodes.push(node);
      if (occurrences >= minSessions) wanted[node] = 1;
    }
    const sessionsOf = sessions(wanted);
    return nodes.map((node) => {
      const occurrences = counts[node] as number;
      const distinct = wanted[node] === 1 ? sessionsOf(node) : occurrences;
      return { operations: index.operations(node), occurrences, sessions: distinct };
    });
  }

  /** Reads what is new of the hours of the window. */
  async refresh(storage: Storage, bounds: WindowBounds): Promise<void> {
    const { fromMs, toMs } = bounds;
    const hours = await storage.run(() => readBuckets(storage, { zoneId: this.#zoneId, fromMs, toMs }));
    this.#sequences.dropBefore(fromMs);
    this.#pairs.dropBefore(fromMs);
    for (const hourMs of this.#versions.keys()) if (hourMs < fromMs) this.#versions.delete(hourMs);
    for (const [hourMs, hour] of hours) {
      if (this.#versions.get(hourMs) === hour.version) continue;
      await this.#load(storage, 'sequence', hourMs, hour, bounds.maxRows);
      await this.#load(storage, 'pair', hourMs, hour, bounds.maxRows);
      this.#versions.set(hourMs, hour.version);
    }
    keepWithin([this.#sequences, this.#pairs], bounds.maxBytes);
  }

  async #load(
    storage: Storage,
    kind: CountKind,
    hourMs: number,
    { buckets }: HourBuckets,
    maxRows: number,
  ): Promise<void> {
    const zoneId = this.#zoneId;
    const limits = await storage.run(() => thresholdFor(storage, kind, { zoneId, hourMs, maxRows }));
    const rows = await storage.run(() => readHour(storage, kind, { zoneId, hourMs, above: limits.above }));
    const counts = kind === 'pair' ? this.#pairs : this.#sequences;
    counts.setHour(hourMs, rows, withCut(buckets, limits));
    await turn();
  }

  /** Each of the three takes up to tenths of a second for a large zone: others get their turn in between. */
  async score(options: ScoreOptions): Promise<ScoredZone> {
    const totals = this.#sequences.totals();
    const collapsed = tableFrom(this.#sequences, totals, 'collapsed');
    const raw = tableFrom(this.#sequences, totals, 'raw');
    const pairs = tableFrom(this.#pairs, this.#pairs.totals(), 'collapsed');
    await turn();
    const precedence = precedenceOf(collapsed, options);
    await turn();
    const correlation = correlationOf(raw, this.#sequences.positions(), options);
    await turn();
    const lookback = lookbackOf(collapsed, pairs, options);
    const scored = [
      ...precedence.map((each) => ['precedence', each] as const),
      ...correlation.map((each) => ['correlation', each] as const),
      ...lookback.map((each) => ['lookback', each] as const),
    ];
    return { scored, cutCount: this.dropped };
  }
}

/** Rows that were not read are as good as given up: at most `above` occurrences each are missing. */
const withCut = (
  buckets: readonly StoredBucket[],
  { above, cut }: { readonly above: number; readonly cut: number },
): readonly StoredBucket[] =>
  above === 0
    ? buckets
    : buckets.map((bucket, i) => ({
        ...bucket,
        threshold: Math.max(bucket.threshold, above),
        missed: bucket.missed + above,
        dropped: bucket.dropped + (i === 0 ? cut : 0),
      }));
