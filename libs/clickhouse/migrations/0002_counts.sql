-- Counts of sequences: absolute, per (partition of sequences.v1, epoch, hour of event time). A row is written again and
-- again while its epoch is open, each time as a growing prefix of the same records, and merged by maximum: a replay, a
-- zombie or a crash between write and commit changes nothing. Epochs and partitions are disjoint, so their sum is exact.
CREATE TABLE IF NOT EXISTS sequence_counts
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    form Enum8('collapsed' = 1, 'raw' = 2) COMMENT 'collapsed: repeats are one; raw: with repeats',
    hour DateTime('UTC') COMMENT 'Hour of the event time of the completing request',
    operations Array(UInt32) COMMENT 'Short ids, oldest first, 1 to 9',
    partition UInt16 COMMENT 'Partition of sequences.v1',
    epoch UInt64 COMMENT 'Append hour since 1970 * 2^32 + offset block: a range of offsets of the partition',
    occurrences SimpleAggregateFunction(max, UInt64) COMMENT 'Occurrences within the epoch so far',
    sessions SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) COMMENT 'Distinct-session sketch: holds the 16 smallest of the 52-bit pseudonyms, exact below 16',
    written_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() COMMENT 'When last written, for expiry only'
)
ENGINE = AggregatingMergeTree
-- A day at a time is dropped whole.
PARTITION BY toYYYYMMDD(hour)
-- The ranker reads one zone over a range of hours, one form after the other. Equal sequences stand together within an
-- hour, so that partitions and epochs are summed in order of the key and the arrays compress.
ORDER BY (zone_id, form, hour, operations, partition, epoch)
-- By time of writing, not by hour: an old log replayed under a fixed clock must not expire while it is read.
TTL written_at + INTERVAL 3 DAY
COMMENT 'Occurrences of sequences of 1 to 9 operations per hour; read it through sequence_counts_24h';

CREATE TABLE IF NOT EXISTS pair_counts
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    hour DateTime('UTC') COMMENT 'Hour of the event time of the request at the end',
    operations Array(UInt32) COMMENT 'Short ids [start, end]',
    partition UInt16 COMMENT 'Partition of sequences.v1',
    epoch UInt64 COMMENT 'As in sequence_counts',
    occurrences SimpleAggregateFunction(max, UInt64) COMMENT 'Occurrences of end whose previous 9 collapsed operations contain start',
    sessions SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) COMMENT 'As in sequence_counts',
    written_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() COMMENT 'When last written, for expiry only'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(hour)
ORDER BY (zone_id, hour, operations, partition, epoch)
TTL written_at + INTERVAL 3 DAY
COMMENT 'Occurrences of pairs within the lookback per hour';

-- A row here says that every row of the epoch is stored: only then does the committed offset move past it.
CREATE TABLE IF NOT EXISTS epochs
(
    partition UInt16 COMMENT 'Partition of sequences.v1',
    epoch UInt64 COMMENT 'As in sequence_counts',
    first_offset SimpleAggregateFunction(min, UInt64) COMMENT 'First record seen of the epoch',
    end_offset SimpleAggregateFunction(max, UInt64) COMMENT 'First record of the epoch after it',
    closed_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) DEFAULT now64(3) COMMENT 'When last closed'
)
ENGINE = AggregatingMergeTree
ORDER BY (partition, epoch)
TTL toDateTime(closed_at) + INTERVAL 7 DAY
COMMENT 'Closed epochs of the partitions of sequences.v1';

-- Grows only: a replay writes lower positions, and the maximum stays true because its rows are stored.
CREATE TABLE IF NOT EXISTS scorer_progress
(
    partition UInt16 COMMENT 'Partition of sequences.v1',
    position SimpleAggregateFunction(max, UInt64) COMMENT 'Every record before this offset is counted and stored',
    written_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) DEFAULT now64(3) COMMENT 'When last written'
)
ENGINE = AggregatingMergeTree
ORDER BY partition
COMMENT 'How far the counts of each partition of sequences.v1 are stored';

-- Written after the counts and before scorer_progress: who reads progress first and this second misses no zone.
CREATE TABLE IF NOT EXISTS zone_progress
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    partition UInt16 COMMENT 'Partition of sequences.v1',
    position SimpleAggregateFunction(max, UInt64) COMMENT 'Position of the last flush that held rows of the zone',
    written_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) DEFAULT now64(3) COMMENT 'When last written'
)
ENGINE = AggregatingMergeTree
ORDER BY (zone_id, partition)
TTL toDateTime(written_at) + INTERVAL 3 DAY
COMMENT 'Which zones have counts that their newest snapshot does not hold yet';
