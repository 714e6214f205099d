-- Of two snapshots the one stands that was computed from more records, whatever the clocks of those who computed them say:
-- positions are read at one moment and never fall, so a later reading has the larger sum.
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
            (arraySum(mapValues(positions)), generation, advanced)
        ) AS newest
    FROM score_snapshots
    GROUP BY zone_id
)
COMMENT 'The marker of the newest complete snapshot of each zone';
