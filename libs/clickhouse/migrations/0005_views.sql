-- What analysts query. Short ids are 8 hex digits here, as everywhere people see them.
CREATE VIEW IF NOT EXISTS newest_snapshots AS
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
    newest.9 AS advanced
FROM
(
    SELECT
        zone_id,
        argMax(
            (computed_at, generation, window_from, window_to, positions, row_count, listed_count, cut_count, advanced),
            (generation, advanced)
        ) AS newest
    FROM score_snapshots
    GROUP BY zone_id
)
COMMENT 'The marker of the newest complete snapshot of each zone';

CREATE VIEW IF NOT EXISTS newest_scores AS
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

CREATE VIEW IF NOT EXISTS precedence_scores AS
SELECT zone_id, computed_at, short_ids, methods, hosts, endpoints, score, low, high, support, last_support, sessions
FROM newest_scores
WHERE kind = 'precedence' AND is_listed = 1
ORDER BY zone_id ASC, score DESC, support DESC, length(short_ids) DESC, operations ASC
COMMENT 'Probability that the last operation is preceded, directly and in order, by the others: listed sequences';

CREATE VIEW IF NOT EXISTS correlation_scores AS
SELECT zone_id, computed_at, short_ids, methods, hosts, endpoints, score, support, last_support, sessions
FROM newest_scores
WHERE kind = 'correlation' AND is_listed = 1
ORDER BY zone_id ASC, score DESC, support DESC, length(short_ids) DESC, operations ASC
COMMENT 'How much more often operations occur together in this order than by chance: the top 20';

CREATE VIEW IF NOT EXISTS lookback_scores AS
SELECT
    zone_id, computed_at, short_ids[1] AS start, short_ids[2] AS end,
    methods, hosts, endpoints, score, low, high, support, last_support, sessions
FROM newest_scores
WHERE kind = 'lookback' AND is_listed = 1
ORDER BY zone_id ASC, score DESC, support DESC, operations ASC
COMMENT 'Share of the requests of end that have start among their previous 9 collapsed operations: what an allow rule would pass';

CREATE VIEW IF NOT EXISTS sequence_counts_24h AS
SELECT
    zone_id,
    form,
    operations,
    sum(counted) AS occurrences,
    -- Below 16 the sketch holds every session; from 16 on the 16th smallest of 52 bits tells how dense they lie.
    arraySlice(arraySort(groupUniqArrayArray(sketch)), 1, 16) AS smallest,
    if(length(smallest) < 16, length(smallest), toUInt64(round(15 / ((smallest[16] + 1) / pow(2, 52))))) AS sessions
FROM
(
    SELECT
        c.zone_id AS zone_id, c.form AS form, c.hour AS hour, c.operations AS operations,
        max(c.occurrences) AS counted, groupUniqArrayArray(c.sessions) AS sketch
    FROM sequence_counts AS c
    INNER JOIN (SELECT zone_id, window_from FROM newest_snapshots) AS w ON c.zone_id = w.zone_id
    WHERE c.hour >= w.window_from
    GROUP BY c.zone_id, c.form, c.hour, c.operations, c.partition, c.epoch
)
GROUP BY zone_id, form, operations
COMMENT 'Occurrences over the window of the newest snapshot of each zone; partitions and epochs summed';
