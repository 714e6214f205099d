-- What one sequence is asked for beside its score: how exact its support is, and its occurrences hour by hour.
ALTER TABLE sequence_scores
    ADD COLUMN IF NOT EXISTS undercount UInt64 DEFAULT 0 COMMENT 'How many occurrences the support may be short of; 0: exact';

-- Not where an earlier migration has made it over its own tables.
CREATE VIEW IF NOT EXISTS sequence_hours AS
SELECT
    zone_id,
    form,
    hour,
    operations,
    sum(counted) AS occurrences,
    groupUniqArrayArray(sketch) AS sketch
FROM
(
    SELECT
        zone_id, toString(form) AS form, hour, operations, partition, epoch,
        max(occurrences) AS counted, groupUniqArrayArray(sessions) AS sketch
    FROM sequence_counts
    GROUP BY zone_id, form, hour, operations, partition, epoch
    UNION ALL
    SELECT
        zone_id, 'pair' AS form, hour, operations, partition, epoch,
        max(occurrences) AS counted, groupUniqArrayArray(sessions) AS sketch
    FROM pair_counts
    GROUP BY zone_id, hour, operations, partition, epoch
)
GROUP BY zone_id, form, hour, operations
COMMENT 'Occurrences of sequences and lookback pairs per hour; partitions and epochs summed';
