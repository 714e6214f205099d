-- What the sessions of a zone usually do next, as rows: written by the ranker of the zone in one insert, so a generation is
-- there whole or not at all; read by every scorer that stores sessions.
CREATE TABLE IF NOT EXISTS session_models
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    generation UInt64 COMMENT 'Grows with each model of the zone' CODEC(ZSTD),
    computed_at DateTime64(3, 'UTC') COMMENT 'Clock of the ranker' CODEC(ZSTD),
    context Array(Int64) COMMENT 'Short ids before, oldest first; -1: the start of the session' CODEC(ZSTD),
    next Int64 COMMENT 'Short id that followed; -2: all that were not learnt for this context' CODEC(ZSTD),
    occurrences UInt64 COMMENT 'How often, within the window of the model' CODEC(T64, ZSTD),
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only' CODEC(ZSTD)
)
ENGINE = MergeTree
-- A reader wants one generation of one zone, whole.
ORDER BY (zone_id, generation, context, next)
TTL written_at + INTERVAL 2 DAY
COMMENT 'Models that the likelihood of sessions is computed with';

ALTER TABLE sessions
    ADD COLUMN IF NOT EXISTS model_at DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC') COMMENT 'When the model was computed that the likelihood is of; 1970: not yet computed' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS steps UInt32 DEFAULT 0 COMMENT 'Operations that the model foretold, successive repeats as one' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS mean_log_loss Float32 DEFAULT 0 COMMENT 'Mean of -ln P(operation | those before it) over the steps, nats: 0 is certain' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS anomaly Float32 DEFAULT 0 COMMENT 'How much its order speaks against it, 0 and more: sort by this one' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rarest_from Nullable(UInt32) COMMENT 'Short id before the least likely step; NULL: the start of the session' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rarest_to UInt32 DEFAULT 0 COMMENT 'Short id of the least likely step; 0 where steps is 0' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rarest_probability Float32 DEFAULT 1 COMMENT 'Its probability' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rarest_at UInt32 DEFAULT 0 COMMENT 'Its place in operations, from 1; 0 where steps is 0' CODEC(ZSTD(1));

CREATE OR REPLACE VIEW strange_sessions AS
SELECT
    s.zone_id AS zone_id, s.session_id AS session_id, s.source AS source, s.first AS first, s.last AS last, s.length AS length,
    s.anomaly AS anomaly, s.mean_log_loss AS mean_log_loss, s.steps AS steps,
    if(s.steps = 0, '', if(isNull(s.rarest_from), '(start)', ifNull(f.name, ''))) AS rarest_from,
    if(s.steps = 0, '', t.name) AS rarest_to,
    s.rarest_probability AS rarest_probability, s.rarest_at AS rarest_at,
    s.operations AS operations, s.times AS times, s.cut AS cut, s.ended AS ended, s.model_at AS model_at
FROM
(
    SELECT * FROM sessions FINAL
    WHERE zone_id = {zone:String}
        AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
        AND model_at > toDateTime64(0, 3, 'UTC')
) AS s
LEFT ANY JOIN
(
    SELECT short_id, name FROM operations WHERE zone_id = {zone:String}
) AS f ON ifNull(s.rarest_from, 0) = f.short_id
LEFT ANY JOIN
(
    SELECT short_id, name FROM operations WHERE zone_id = {zone:String}
) AS t ON s.rarest_to = t.short_id
ORDER BY anomaly DESC, last DESC, session_id
COMMENT 'Windows that ended within [from, to), the strangest order first, with their least likely step by name';
