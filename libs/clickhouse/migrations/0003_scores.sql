-- Scores as computed at one time. Rows come first, the marker in score_snapshots last: a reader takes only what a marker
-- names, of the highest generation, and so never sees half a snapshot.
CREATE TABLE IF NOT EXISTS sequence_scores
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    computed_at DateTime64(3, 'UTC') COMMENT 'Clock of the ranker',
    generation UInt64 COMMENT 'Grows with each snapshot of the zone',
    kind Enum8('precedence' = 1, 'correlation' = 2, 'lookback' = 3) COMMENT 'Which score',
    operations Array(UInt32) COMMENT 'Short ids, oldest first; lookback: [start, end]',
    score Float64 COMMENT '0 to 1',
    low Float64 COMMENT 'Lower end of the 99 % Beta interval; correlation: the score',
    high Float64 COMMENT 'Upper end of the 99 % Beta interval; correlation: the score',
    support UInt64 COMMENT 'Occurrences of the sequence or pair in the window',
    last_support UInt64 COMMENT 'Occurrences of its last operation in the same form',
    sessions UInt64 COMMENT 'Distinct sessions with it, exact below 16, estimated from there on',
    is_listed UInt8 COMMENT '1: enough support and sessions, not folded under a longer sequence, within the top list',
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only'
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(computed_at)
-- Readers know zone, time and generation from the marker; history of one zone is one range.
ORDER BY (zone_id, computed_at, generation, kind, operations)
-- An idle zone is ranked anew each hour while its window holds anything, so 3 hours keep the rest of the newest snapshot.
TTL written_at + INTERVAL 3 HOUR DELETE WHERE is_listed = 0, written_at + INTERVAL 7 DAY
COMMENT 'Score snapshots; read the newest through precedence_scores, correlation_scores, lookback_scores';

CREATE TABLE IF NOT EXISTS score_snapshots
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    computed_at DateTime64(3, 'UTC') COMMENT 'Clock of the ranker',
    generation UInt64 COMMENT 'Grows with each snapshot of the zone',
    advanced UInt32 COMMENT 'Grows when later positions are found to hold nothing new for the zone: the same scores stand for them',
    window_from DateTime('UTC') COMMENT 'First hour counted',
    window_to DateTime64(3, 'UTC') COMMENT 'End of the window',
    positions Map(UInt16, UInt64) COMMENT 'Per partition of sequences.v1: every record before this offset is in the scores',
    row_count UInt32 COMMENT 'Rows of the snapshot in sequence_scores when written',
    listed_count UInt32 COMMENT 'Listed rows among them',
    cut_count UInt64 COMMENT 'Rarest sequences left out for the budget of the ranker; 0: scores are exact',
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only'
)
ENGINE = ReplacingMergeTree(advanced)
ORDER BY (zone_id, generation)
TTL written_at + INTERVAL 7 DAY
COMMENT 'Closing markers of score snapshots; read the newest through newest_snapshots';
