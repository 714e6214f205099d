/** How far the pipeline is, stage by stage, in offsets: what `import --wait` waits upon. */
import type { ClickHouse } from '@precede/clickhouse';
import { Topic, type ZoneId } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { timestamp } from './envelope.ts';
import { markerAt } from './snapshots.ts';

const sessionizerGroup = 'precede.sessionizer';

export interface LogProgress {
  readonly requests: readonly {
    readonly partition: number;
    readonly end: number;
    readonly committed: number | null;
  }[];
  readonly sequenceEnds: readonly number[];
}

export const logProgress = async (log: EventLog): Promise<LogProgress> => {
  // Committed before end: a stage must never look further than what it reads from.
  const committed = await log.committedOffsets(sessionizerGroup, Topic.requests);
  const [ends, sequenceEnds] = await Promise.all([
    log.endOffsets(Topic.requests),
    log.endOffsets(Topic.sequences),
  ]);
  const requests = ends.map((end, partition) => ({
    partition,
    end,
    committed: committed[partition] ?? null,
  }));
  return { requests, sequenceEnds };
};

export const scoreProgress = async (
  clickhouse: ClickHouse,
  zoneId: ZoneId,
  sequenceEnds: readonly number[],
) => {
  const stored = await clickhouse.query<{ partition: number; stored: number }>(
    "SELECT partition, max(c.position) AS stored FROM count_progress AS c WHERE zone_id = '' GROUP BY partition",
  );
  const positions = new Map(stored.map((row) => [row.partition, row.stored]));
  const marker = await markerAt(clickhouse, zoneId);
  return {
    sequences: sequenceEnds.map((end, partition) => ({
      partition,
      end,
      stored: positions.get(partition) ?? null,
    })),
    snapshot:
      marker === undefined
        ? null
        : { computed_at: timestamp(marker.computed_ms), positions: marker.positions },
  };
};
