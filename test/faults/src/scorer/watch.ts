/** Reads the newest scores again and again while a run goes on, as control does: they must be true at any time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '@precede/clickhouse';

export interface Score {
  readonly kind: 'precedence' | 'correlation' | 'lookback';
  readonly operations: readonly number[];
  readonly support: number;
  readonly last_support: number;
  readonly undercount: number;
}

/** One snapshot as a reader saw it. */
export interface Sample {
  readonly zone: string;
  readonly generation: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly scores: readonly Score[];
}

type Marker = Omit<Sample, 'scores'> & { readonly advanced: number };

const markersSql = 'SELECT zone_id AS zone, generation, advanced, positions FROM newest_snapshots';
const scoresSql = `SELECT kind, operations, support, last_support, undercount FROM sequence_scores
  WHERE zone_id = {zone:String} AND generation = {generation:UInt64}`;

export class Watch {
  readonly samples: Sample[] = [];
  /** By zone. */
  readonly newest = new Map<string, Marker>();
  readonly #clickhouse: ClickHouse;
  readonly #loop: Promise<void>;
  #isOver = false;

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
    this.#loop = this.#run();
  }

  /** Looks a last time. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
    await this.#look();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      // Where ClickHouse was just killed there is nothing to see.
      await this.#look().catch(() => {});
      await sleep(300);
    }
  }

  async #look(): Promise<void> {
    for (const marker of await this.#clickhouse.query<Marker>(markersSql)) {
      const { zone, generation, advanced, positions } = marker;
      const known = this.newest.get(zone);
      if (known?.generation === generation && known.advanced === advanced) continue;
      const scores = await this.#clickhouse.query<Score>(scoresSql, { zone, generation });
      this.samples.push({ zone, generation, positions, scores });
      this.newest.set(zone, marker);
    }
  }
}
