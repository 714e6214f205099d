/**
 * Scores the zones of this scorer anew when there is something new, and stores each computation as one snapshot. A zone belongs
 * to the scorer that owns partition hash(zone) of sequences.v1; its counts come from all scorers, through ClickHouse.
 * Positions are read before the counts: a snapshot may hold more than it says, never less.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf } from '@precede/log';
import { hourOf } from '@precede/sequence';
import { asSpan, type Clock, type Logger, noTracing, type Tracing } from '@precede/service';
import type { ScorerConfig } from './config.ts';
import type { ScorerMetrics } from './metrics.ts';
import {
  type Positions,
  readProgress,
  readSnapshot,
  readZoneProgress,
  type Snapshot,
  storeMarkers,
  storeSnapshot,
} from './rank-store.ts';
import type { Storage } from './storage.ts';
import { ZoneModel } from './zone-model.ts';
import { type ScoredZone, ZoneWindow } from './zone-window.ts';

export interface RankerDeps {
  readonly config: ScorerConfig;
  readonly storage: Storage;
  readonly metrics: ScorerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly partitionCount: number;
  /** Partitions of sequences.v1 this scorer has now. */
  ownedPartitions(): readonly number[];
}

/** A zone with traffic is scored at least so often, as the window slides. */
const maxAgeMs = 60_000;
/** A round is followed by a rest of so many times its length: scoring takes a tenth of this process at most. */
const restFactor = 10;
/** A large zone rests longer than a round, by ten times what its scoring takes beyond half a second. */
const zoneRestFactor = 10;
const shortRankMs = 500;
const restAfter = (rankMs: number): number =>
  Math.min(maxAgeMs, zoneRestFactor * Math.max(0, rankMs - shortRankMs));
/** Without new counts for so long a zone has no traffic; it is then scored when the window loses an hour. */
const trafficMs = 600_000;

interface Round {
  /** By the clock, before `progress` was read. */
  readonly beganMs: number;
  readonly progress: Positions;
}

interface Known {
  readonly window: ZoneWindow;
  readonly model: ZoneModel;
  snapshot: Snapshot | undefined;
  /** The last that was used, be it for a snapshot that could not be stored. */
  generation: number;
  /** Of performance.now(): a fixed clock must not stop the ranker. */
  rankedAt: number;
  /** How long that took. */
  rankMs: number;
  newAt: number;
  /** When its scores last told all that was counted, as known before that was read. */
  wholeAt: number;
  seenAt: number;
}

/**
 * Of two rankers at one time, as while a partition moves, the one wins that read the progress later (newest_snapshots): one
 * that was held up within its round would else take back positions that the other has told since. Generations only order
 * snapshots of equal positions; the random part keeps two rankers apart, where the clock stands still too.
 */
const nextGeneration = (known: Known, beganMs: number): number => {
  known.generation = Math.max(beganMs * 1000, known.generation + 1) + randomInt(1000);
  return known.generation;
};

const isBeyond = (positions: Positions, known: Positions): boolean =>
  [...positions].some(([partition, position]) => position > (known.get(partition) ?? 0));

const larger = (a: Positions, b: Positions): Positions => {
  const merged = new Map(a);
  for (const [partition, position] of b)
    merged.set(partition, Math.max(position, merged.get(partition) ?? 0));
  return merged;
};

export class Ranker {
  readonly #deps: RankerDeps;
  readonly #known = new Map<string, Known>();

  constructor(deps: RankerDeps) {
    this.#deps = deps;
    deps.metrics.scoreAge.read = () => this.#scoreAgeMs() / 1000;
  }

  /** Runs until aborted. A failed round is logged, counted and tried again at the next. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const begin = performance.now();
      try {
        await this.rankDue(signal);
      } catch (error) {
        this.#deps.metrics.snapshots.inc({ outcome: 'failed' });
        if (!signal.aborted) this.#deps.logger.warn({ err: error }, 'scoring failed, trying again');
      }
      const pause = Math.max(
        this.#deps.config.PRECEDE_SCORER_RANK_INTERVAL,
        restFactor * (performance.now() - begin),
      );
      await sleep(Math.min(pause, maxAgeMs), undefined, { signal }).catch(() => {});
    }
  }

  /** One round over the zones of this scorer. */
  async rankDue(signal?: AbortSignal): Promise<void> {
    const { storage, clock } = this.#deps;
    const beganMs = clock.now();
    // In this order: a zone whose rows are before `progress` shows in `zones`.
    const progress = await storage.run(() => readProgress(storage));
    const zones = await storage.run(() => readZoneProgress(storage));
    for (const zoneId of this.#known.keys()) if (!this.#owns(zoneId)) this.#known.delete(zoneId);
    const advanced: Snapshot[] = [];
    for (const [zoneId, written] of zones) {
      if (signal?.aborted) return;
      if (this.#owns(zoneId)) await this.#visit(zoneId, written, { beganMs, progress }, advanced);
    }
    await this.#advance(advanced);
    this.#tell();
  }

  #tell(): void {
    let [bytes, dropped, largest] = [0, 0, 0];
    for (const { window } of this.#known.values()) {
      bytes += window.bytes;
      dropped += window.dropped;
      largest = Math.max(largest, window.bytes);
    }
    this.#deps.metrics.largestWindow.bytes = largest;
    this.#deps.metrics.zoneBytes.set(bytes);
    this.#deps.metrics.dropped.set(dropped);
  }

  /** Of zones that had traffic when they were last seen: what came while nothing could be seen is not known. */
  #scoreAgeMs(): number {
    const now = performance.now();
    let oldest = 0;
    for (const { wholeAt, seenAt, newAt } of this.#known.values())
      if (seenAt - newAt < trafficMs) oldest = Math.max(oldest, now - wholeAt);
    return oldest;
  }

  #owns(zoneId: string): boolean {
    const partition = partitionOf(Buffer.from(zoneId, 'hex'), this.#deps.partitionCount);
    return this.#deps.ownedPartitions().includes(partition);
  }

  async #visit(zoneId: string, written: Positions, round: Round, advanced: Snapshot[]): Promise<void> {
    const { progress } = round;
    const known = await this.#recall(zoneId);
    const last = known.snapshot;
    const now = performance.now();
    const isNew = last === undefined || isBeyond(written, last.positions);
    if (isNew) known.newAt = now;
    else known.wholeAt = now;
    known.seenAt = now;
    if (now - known.rankedAt < restAfter(known.rankMs)) return;
    if (isNew || this.#isStale(known, now)) await this.#rankTraced(zoneId, known, round);
    else if (isBeyond(progress, last.positions))
      advanced.push({ ...last, advanced: last.advanced + 1, positions: larger(progress, last.positions) });
  }

  /** Of no record: a round stands for what all scorers have stored since the last. */
  #rankTraced(zoneId: string, known: Known, round: Round): Promise<void> {
    const { tracing = noTracing } = this.#deps;
    const origin = tracing.enter(undefined);
    const attributes = { 'precede.zone.id': zoneId };
    const span = origin && tracing.start('rank zone', origin, { attributes });
    return asSpan(tracing, span, () => this.#rank(zoneId, known, round));
  }

  async #recall(zoneId: string): Promise<Known> {
    const known = this.#known.get(zoneId);
    if (known !== undefined) return known;
    const { storage } = this.#deps;
    const snapshot = await storage.run(() => readSnapshot(storage, zoneId));
    const fresh: Known = {
      window: new ZoneWindow(zoneId),
      model: new ZoneModel(zoneId),
      snapshot,
      generation: snapshot?.generation ?? 0,
      rankedAt: Number.NEGATIVE_INFINITY,
      rankMs: 0,
      newAt: Number.NEGATIVE_INFINITY,
      wholeAt: performance.now(),
      seenAt: performance.now(),
    };
    this.#known.set(zoneId, fresh);
    return fresh;
  }

  #isStale({ snapshot, rankedAt, newAt }: Known, now: number): boolean {
    if (snapshot === undefined) return true;
    if (snapshot.rowCount > 0 && snapshot.windowFromMs !== this.#windowFrom()) return true;
    return now - rankedAt >= maxAgeMs && now - newAt < trafficMs;
  }

  #windowFrom(): number {
    const { clock, config } = this.#deps;
    return hourOf(clock.now()) - config.PRECEDE_SCORER_WINDOW_HOURS * 3_600_000;
  }

  async #rank(zoneId: string, known: Known, { beganMs, progress }: Round): Promise<void> {
    const { storage, metrics, clock } = this.#deps;
    const end = metrics.rankSeconds.startTimer();
    const begin = performance.now();
    const nowMs = clock.now();
    const fromMs = this.#windowFrom();
    const { scored, cutCount } = await this.#score(known.window, fromMs, nowMs);
    const snapshot: Omit<Snapshot, 'generation'> = {
      zoneId,
      computedAtMs: nowMs,
      advanced: 0,
      windowFromMs: fromMs,
      windowToMs: nowMs,
      positions: larger(progress, known.snapshot?.positions ?? new Map()),
      rowCount: scored.length,
      listedCount: scored.filter(([, each]) => each.isListed).length,
      cutCount,
      minSessions: this.#deps.config.PRECEDE_SCORER_MIN_SESSIONS,
      maxUndercount: scored.reduce(
        (most, [, each]) => (each.isListed ? Math.max(most, each.undercount) : most),
        0,
      ),
    };
    const draft = (): Snapshot => ({ ...snapshot, generation: nextGeneration(known, beganMs) });
    known.snapshot = await storeSnapshot(storage, draft, scored);
    known.wholeAt = begin;
    known.rankedAt = performance.now();
    known.rankMs = known.rankedAt - begin;
    metrics.snapshots.inc({ outcome: 'ranked' });
    metrics.cut.inc(cutCount);
    metrics.rescored.inc(await known.model.keep(storage, known.window, fromMs, nowMs));
    end();
  }

  async #score(window: ZoneWindow, fromMs: number, toMs: number): Promise<ScoredZone> {
    const { storage, config } = this.#deps;
    const { PRECEDE_SCORER_RANK_MAX_ROWS: maxRows, PRECEDE_SCORER_WINDOW_MEMORY: maxBytes } = config;
    await window.refresh(storage, { fromMs, toMs, maxRows, maxBytes });
    return window.score({
      minSupport: config.PRECEDE_SCORER_MIN_SUPPORT,
      minSessions: config.PRECEDE_SCORER_MIN_SESSIONS,
      keepUnlisted: config.PRECEDE_SCORER_KEEP_UNLISTED,
    });
  }

  /** Later records held nothing of these zones: their scores stand for them too. One insert for all. */
  async #advance(snapshots: readonly Snapshot[]): Promise<void> {
    await storeMarkers(this.#deps.storage, snapshots);
    for (const snapshot of snapshots) {
      const known = this.#known.get(snapshot.zoneId);
      if (known !== undefined) known.snapshot = snapshot;
    }
    this.#deps.metrics.snapshots.inc({ outcome: 'advanced' }, snapshots.length);
  }
}
