-- Copies of sessions.v1 and decisions.v1 for analysts. A record written twice is one row: offset and id are in the key.
CREATE TABLE IF NOT EXISTS sessions
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    session_id String COMMENT 'Keyed hash of the session identifier, 32 hex digits',
    source LowCardinality(String) COMMENT 'live, or one import each',
    first DateTime64(3, 'UTC') COMMENT 'First request',
    last DateTime64(3, 'UTC') COMMENT 'Last request',
    length UInt32 COMMENT 'Requests in the window',
    operations Array(UInt32) COMMENT 'Short ids in order, the newest ones where some were cut',
    times Array(DateTime64(3, 'UTC')) COMMENT 'Time of each of the operations',
    cut UInt32 COMMENT 'How many of the oldest operations are missing',
    ended LowCardinality(String) COMMENT 'How the window closed: gap, source_ended, bound',
    topic LowCardinality(String) COMMENT 'Topic of the record',
    partition UInt16 COMMENT 'Partition of the record',
    offset UInt64 COMMENT 'Offset of the record',
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(last)
-- zone and last are functions of the record, so the key still is (topic, partition, offset), sorted as analysts ask.
ORDER BY (zone_id, last, topic, partition, offset)
TTL written_at + INTERVAL 30 DAY
COMMENT 'Closed session windows; use FINAL where a doubled row would matter';

CREATE TABLE IF NOT EXISTS decisions
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    time DateTime64(3, 'UTC') COMMENT 'When it was decided',
    decision_id UUID COMMENT 'UUIDv7, also in the answer to the gateway',
    session_id String COMMENT 'Keyed hash of the session identifier; empty: none',
    verdict LowCardinality(String) COMMENT 'allow, block, log',
    rule_id String COMMENT 'Rule that decided; empty: none',
    reason String COMMENT 'Plain sentence',
    operation_id String COMMENT 'Matched operation; empty: none',
    method LowCardinality(String) COMMENT 'HTTP method',
    host String COMMENT 'Host of the request',
    path String COMMENT 'Path of the request without its query',
    lookback Array(UInt32) COMMENT 'Short ids the decision saw, oldest first',
    lookback_times Array(DateTime64(3, 'UTC')) COMMENT 'Time of each',
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
-- Lists ask for a zone by time; zone and time are functions of the decision, so the key still is the decision id.
ORDER BY (zone_id, time, decision_id)
TTL written_at + INTERVAL 30 DAY
COMMENT 'Decisions of the enforcers; use FINAL where a doubled row would matter';
