-- Counts of both forms in one row, and one row for all endings of a sequence that have occurred equally often: most
-- sequences occur once, so this is a third of the rows. Nothing is lost: sequence_hours shows every sequence again.
-- Still absolute and merged by maximum: of overlapping rows of one epoch the largest count of a sequence holds, since an
-- ending has occurred at least as often as the whole. Epochs have other borders than before, so counts begin anew.
DROP VIEW IF EXISTS sequence_counts_24h;
DROP TABLE IF EXISTS sequence_counts;
DROP TABLE IF EXISTS pair_counts;
DROP TABLE IF EXISTS scorer_progress;
DROP TABLE IF EXISTS zone_progress;

CREATE TABLE IF NOT EXISTS sequence_counts
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    hour DateTime('UTC') COMMENT 'Hour of the event time of the completing request' CODEC(Delta, ZSTD),
    kind Enum8('sequence' = 1, 'pair' = 2) COMMENT 'sequence: 1 to 9 operations that follow each other; pair: [start, end] within the lookback' CODEC(ZSTD),
    operations Array(UInt32) COMMENT 'Short ids, oldest first; a sequence stands for its endings too, from first_length on' CODEC(ZSTD),
    partition UInt16 COMMENT 'Partition of sequences.v1' CODEC(ZSTD),
    epoch UInt64 COMMENT 'Append hour since 1970 * 2^32 + offset block: a range of offsets of the partition' CODEC(ZSTD),
    first_length SimpleAggregateFunction(min, UInt8) COMMENT 'The counts hold for every ending of operations of this length and more' CODEC(ZSTD),
    occurrences SimpleAggregateFunction(max, UInt64) COMMENT 'Occurrences in collapsed form within the epoch so far; 0 with direct repeats. Of a pair: of end with start in its lookback' CODEC(T64, ZSTD),
    raw_occurrences SimpleAggregateFunction(max, UInt64) COMMENT 'Occurrences in raw form, repeats kept' CODEC(T64, ZSTD),
    sessions SimpleAggregateFunction(groupUniqArrayArray, Array(UInt32)) COMMENT 'Distinct-session sketch: holds the 32 smallest of the 32-bit hashes, exact below 32' CODEC(ZSTD),
    raw_sessions SimpleAggregateFunction(groupUniqArrayArray, Array(UInt32)) COMMENT 'The same of the raw form; empty: as sessions' CODEC(ZSTD),
    undercount SimpleAggregateFunction(max, UInt32) COMMENT 'Occurrences that had been given up at most before the row began; see count_progress' CODEC(ZSTD),
    written_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() COMMENT 'When last written, for expiry only' CODEC(Delta, ZSTD)
)
ENGINE = AggregatingMergeTree
-- A day at a time is dropped whole.
PARTITION BY toYYYYMMDD(hour)
-- The ranker reads an hour of a zone at a time. Equal and similar sequences stand together within it, so the arrays compress.
ORDER BY (zone_id, hour, kind, operations, partition, epoch)
-- By time of writing, not by hour: an old log replayed under a fixed clock must not expire while it is read.
TTL written_at + INTERVAL 3 DAY
COMMENT 'Occurrences of sequences and pairs per hour, compressed; read it through sequence_hours';

-- One insert a write, after its counts, and stored whole: what is told here is stored. Three kinds of rows: an hour of a
-- zone, whose counts have grown when its position has; a zone with the hour 0, for records too old to count; and no zone
-- at all, for how far the partition is stored. An insert costs the same for one row and for all of these.
CREATE TABLE IF NOT EXISTS count_progress
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits; empty: the partition as a whole',
    hour DateTime('UTC') COMMENT 'Hour of event time; 1970: records too old to count, or the partition as a whole',
    partition UInt16 COMMENT 'Partition of sequences.v1',
    epoch UInt64 COMMENT 'As in sequence_counts; 0 where there is no hour',
    position SimpleAggregateFunction(max, UInt64) COMMENT 'Every record before this offset is counted and stored. A replay writes lower ones, and the maximum stays true',
    positions SimpleAggregateFunction(maxMap, Map(UInt8, UInt64)) COMMENT 'By length: requests with at least so many operations up to and with them, repeats kept; exact',
    threshold SimpleAggregateFunction(max, UInt32) COMMENT 'Counts at or below it may be missing; 0: every count is exact',
    undercount SimpleAggregateFunction(max, UInt64) COMMENT 'Occurrences that may be missing of a sequence with no count above the threshold',
    dropped SimpleAggregateFunction(max, UInt64) COMMENT 'Rare sequences given up to stay within the budget of the zone',
    written_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() COMMENT 'When last written, for expiry only'
)
ENGINE = AggregatingMergeTree
ORDER BY (zone_id, hour, partition, epoch)
TTL written_at + INTERVAL 3 DAY
COMMENT 'How far counts are stored, by partition, zone and hour, and how exact they are';

ALTER TABLE sequence_scores
    ADD COLUMN IF NOT EXISTS undercount UInt64 DEFAULT 0 COMMENT 'Occurrences that the support may be short of at most; 0: exact' AFTER sessions;

ALTER TABLE score_snapshots
    ADD COLUMN IF NOT EXISTS max_undercount UInt64 DEFAULT 0 COMMENT 'The largest undercount of a listed sequence; 0: every listed score is exact';

CREATE OR REPLACE VIEW newest_snapshots AS
SELECT
    zone_id,
    newest.1 AS computed_at,
    newest.2 AS generation,
    newest.3 AS window_from,
    newest.4 AS window_to,
    newest.5 AS positions,
    newest.6 AS row_count,
    newest.7 AS listed_count,
    newest.8 AS cut_count,
    newest.9 AS advanced,
    newest.10 AS min_sessions,
    newest.11 AS max_undercount
FROM
(
    SELECT
        zone_id,
        argMax(
            (
                computed_at, generation, window_from, window_to, positions,
                row_count, listed_count, cut_count, advanced, min_sessions,
                max_undercount
            ),
            (generation, advanced)
        ) AS newest
    FROM score_snapshots
    GROUP BY zone_id
)
COMMENT 'The marker of the newest complete snapshot of each zone';

CREATE VIEW IF NOT EXISTS sequence_hours AS
SELECT zone_id, form, hour, operations, sum(counted) AS occurrences, arraySlice(arraySort(groupUniqArrayArray(hashes)), 1, 32) AS sketch
FROM
(
    SELECT
        zone_id, hour, partition, epoch,
        arraySlice(whole, length(whole) - len + 1) AS operations,
        tupleElement(each, 1) AS form,
        max(tupleElement(each, 2)) AS counted,
        groupUniqArrayArray(tupleElement(each, 3)) AS hashes
    FROM
    (
        SELECT
            zone_id, hour, partition, epoch, whole,
            arrayJoin(range(first_len, length(whole) + 1)) AS len,
            arrayJoin([('collapsed', collapsed, of_collapsed), ('raw', raw, if(empty(of_raw), of_collapsed, of_raw))]) AS each
        FROM
        (
            SELECT
                zone_id, hour, partition, epoch, operations AS whole, min(first_length) AS first_len,
                max(occurrences) AS collapsed, max(raw_occurrences) AS raw,
                groupUniqArrayArray(sessions) AS of_collapsed, groupUniqArrayArray(raw_sessions) AS of_raw
            FROM sequence_counts
            WHERE kind = 'sequence'
            GROUP BY zone_id, hour, operations, partition, epoch
        )
    )
    WHERE tupleElement(each, 2) > 0
    GROUP BY zone_id, hour, partition, epoch, operations, form
    UNION ALL
    SELECT zone_id, hour, partition, epoch, operations, 'pair' AS form, max(occurrences) AS counted, groupUniqArrayArray(sessions) AS hashes
    FROM sequence_counts
    WHERE kind = 'pair'
    GROUP BY zone_id, hour, partition, epoch, operations
)
GROUP BY zone_id, form, hour, operations
COMMENT 'Occurrences of every sequence per hour: form collapsed, raw or pair; partitions and epochs summed';

CREATE VIEW IF NOT EXISTS sequence_counts_24h AS
SELECT
    zone_id,
    form,
    operations,
    sum(occurrences) AS occurrences,
    -- Below 32 the sketch holds every session; from 32 on the 32nd smallest of 32 bits tells how dense they lie.
    arraySlice(arraySort(groupUniqArrayArray(sketch)), 1, 32) AS smallest,
    if(length(smallest) < 32, length(smallest), toUInt64(round(31 / ((smallest[32] + 1) / pow(2, 32))))) AS sessions
FROM sequence_hours AS h
INNER JOIN (SELECT zone_id, window_from FROM newest_snapshots) AS w ON h.zone_id = w.zone_id
WHERE h.hour >= w.window_from
GROUP BY zone_id, form, operations
COMMENT 'Occurrences over the window of the newest snapshot of each zone; partitions and epochs summed';

CREATE OR REPLACE VIEW newest_scores AS
SELECT
    s.zone_id AS zone_id,
    s.computed_at AS computed_at,
    s.kind AS kind,
    s.operations AS operations,
    arrayMap(o -> leftPad(lower(hex(o)), 8, '0'), s.operations) AS short_ids,
    arrayMap(o -> tupleElement(n.names[o], 1), s.operations) AS methods,
    arrayMap(o -> tupleElement(n.names[o], 2), s.operations) AS hosts,
    arrayMap(o -> tupleElement(n.names[o], 3), s.operations) AS endpoints,
    s.score AS score,
    s.low AS low,
    s.high AS high,
    s.support AS support,
    s.last_support AS last_support,
    s.sessions AS sessions,
    s.undercount AS undercount,
    s.is_listed AS is_listed
FROM sequence_scores AS s
INNER JOIN
(
    SELECT zone_id, computed_at, generation FROM newest_snapshots
) AS m ON s.zone_id = m.zone_id AND s.computed_at = m.computed_at AND s.generation = m.generation
LEFT JOIN
(
    SELECT
        zone_id,
        mapFromArrays(groupArray(short_id), groupArray((toString(method), host, endpoint))) AS names
    FROM (SELECT zone_id, short_id, method, host, endpoint FROM operations FINAL)
    GROUP BY zone_id
) AS n ON s.zone_id = n.zone_id
COMMENT 'All rows of the newest complete snapshot of each zone, with names, unlisted ones too';
