-- Saved operations and zones as they stand on config.v1, for names in the analysts' views.
-- Deleted ones stay, flagged: an older score still has to show what its short ids meant.
-- Newest revision of a zone wins, so a tail that starts again from the beginning changes nothing.
CREATE TABLE IF NOT EXISTS operations
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    short_id UInt32 COMMENT 'First 8 hex digits of the operation id as a number',
    operation_id UUID COMMENT 'Operation id',
    method LowCardinality(String) COMMENT 'HTTP method',
    host String COMMENT 'Host, perhaps with one variable first label',
    endpoint String COMMENT 'Path template such as /api/v1/users/{var1}',
    last_updated DateTime64(3, 'UTC') COMMENT 'When the operation was saved',
    is_deleted UInt8 COMMENT '1: no longer saved, kept for its name',
    revision UInt64 COMMENT 'Revision of the zone that wrote this row'
)
ENGINE = ReplacingMergeTree(revision)
-- A short id is unique in its zone for ever, and views look names up by it.
ORDER BY (zone_id, short_id)
COMMENT 'Saved operations of all zones, deleted ones flagged';

CREATE TABLE IF NOT EXISTS zones
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    name String COMMENT 'Name of the zone',
    is_deleted UInt8 COMMENT '1: the zone is gone',
    revision UInt64 COMMENT 'Revision of the zone that wrote this row'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY zone_id
COMMENT 'Zones, deleted ones flagged';
