-- Copy of audit.v1: what was changed in the configuration of a zone, by whom.
CREATE TABLE IF NOT EXISTS audit
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    time DateTime64(3, 'UTC') COMMENT 'When the change was asked for',
    revision UInt64 COMMENT 'Revision of the zone that the change made',
    place UInt32 COMMENT 'From 0 within the revision',
    actor String COMMENT 'Name of the token that asked',
    resource LowCardinality(String) COMMENT 'Kind of thing: operation, expression_rule, zone and so on',
    resource_id String COMMENT 'Id of the thing',
    action LowCardinality(String) COMMENT 'create, update, delete',
    before String COMMENT 'JSON as the management API shows it; empty: it was not there' CODEC(ZSTD(3)),
    after String COMMENT 'JSON as the management API shows it; empty: it is not there any more' CODEC(ZSTD(3)),
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
-- Lists ask for a zone by time; revision and place make the change unique, so a record stored twice is one row.
ORDER BY (zone_id, time, revision, place)
TTL written_at + INTERVAL 365 DAY
COMMENT 'Changes of configuration; use FINAL where a doubled row would matter';
