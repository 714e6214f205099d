/**
 * Whether the counts in ClickHouse belong to the log that is read. Each flush stores how far it has counted, and the offset
 * is committed only behind that. Other counts would be silently short, or those of other records under the same offsets.
 */
import { ErrorCode, PrecedeError, Topic } from '@precede/contracts';

export interface Positions {
  /** The group's committed offset, or the oldest kept. */
  readonly read: number;
  /** Every record before it is counted in ClickHouse; undefined: nothing is known of the partition, as after expiry. */
  readonly stored: number | undefined;
  /** The offset that the next record gets. */
  readonly end: number;
}

/** Throws PRECEDE_STATE_MISMATCH: the partition is not counted until somebody has said which of the two is right. */
export const assertBelongsTogether = (partition: number, { read, stored, end }: Positions): void => {
  if (stored === undefined) return;
  if (stored < read) throw behind(partition, stored, read);
  if (stored > end) throw otherLog(partition, stored, end);
};

const behind = (partition: number, stored: number, read: number): PrecedeError =>
  new PrecedeError(
    ErrorCode.stateMismatch,
    `ClickHouse has counted ${Topic.sequences}/${partition} up to offset ${stored}, and its group goes on at ${read}: an older state of the tables was restored. Set the offsets of the groups of the scorer back to the beginning (docs/operations.md, "Backup and restore").`,
  );

const otherLog = (partition: number, stored: number, end: number): PrecedeError =>
  new PrecedeError(
    ErrorCode.stateMismatch,
    `ClickHouse has counted ${Topic.sequences}/${partition} up to offset ${stored}, and the topic ends at ${end}: it was made anew, or has lost records. Use another PRECEDE_CLICKHOUSE_DATABASE (docs/operations.md, "Backup and restore").`,
  );
