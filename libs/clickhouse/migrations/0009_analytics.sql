-- For analysts: names of operations as a dictionary, an archive of requests, and views over closed session windows.
-- Most views take parameters: zone, and [from, to) for the end of a window, so that each reads one range of the key.
-- They read names from `operations` and not from the dictionary: row policies hold there, and nothing needs configuring.

-- One text for an operation, spelled as the command line and the steps of a funnel spell it.
ALTER TABLE operations
    ADD COLUMN IF NOT EXISTS name String ALIAS concat(method, ' ', host, endpoint) COMMENT 'METHOD host/path';

-- The rows come by the server's named collection precede_names (user and password), so that no secret stands here.
-- Without that collection everything but dictGet works. A name never changes: a doubled row does no harm.
-- A cache, as it is loaded by asking: the embedded server never loads a whole dictionary anew. As quick as one, and a
-- name asked for before it was saved is found within the lifetime. It lists what was asked for; the table lists all.
CREATE DICTIONARY IF NOT EXISTS operation_names
(
    zone_id String,
    short_id UInt32,
    name String,
    method String,
    host String,
    endpoint String
)
PRIMARY KEY zone_id, short_id
SOURCE(CLICKHOUSE(NAME precede_names TABLE 'operations'))
LAYOUT(COMPLEX_KEY_CACHE(SIZE_IN_CELLS 131072))
LIFETIME(MIN 3 MAX 5)
COMMENT 'Names of operations: dictGet(''operation_names'', ''name'', (zone_id, short_id))';

-- Written only where PRECEDE_SCORER_STORE_REQUESTS is true. Method, host and path are one dictGet away and not stored.
CREATE TABLE IF NOT EXISTS requests
(
    zone_id LowCardinality(String) COMMENT 'Zone, 32 hex digits',
    time DateTime64(3, 'UTC') COMMENT 'Event time' CODEC(Delta(8), ZSTD(1)),
    session_id String COMMENT 'Keyed hash of the session identifier, 32 hex digits' CODEC(ZSTD(1)),
    operation UInt32 COMMENT 'Short id of the operation' CODEC(ZSTD(1)),
    status Nullable(UInt16) COMMENT 'HTTP status; NULL: the source tells none' CODEC(ZSTD(1)),
    duration_ms Nullable(Float32) COMMENT 'How long the answer took; NULL: the source tells none' CODEC(ZSTD(1)),
    bytes Nullable(UInt64) COMMENT 'Bytes of the answer; NULL: the source tells none' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'live, or one import each',
    event_id String COMMENT 'Id its sender gave the event; empty: none. A sender''s retry is a second row with the same id' CODEC(ZSTD(1)),
    topic LowCardinality(String) COMMENT 'Topic of the record',
    partition UInt16 COMMENT 'Partition of the record' CODEC(ZSTD(1)),
    offset UInt64 COMMENT 'Offset of the record' CODEC(Delta(8), ZSTD(1)),
    written_at DateTime('UTC') DEFAULT now() COMMENT 'For expiry only' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(time)
-- Analysts ask for a zone and some hours, and follow sessions: so a session's requests of an hour stand together, which
-- packs their ids by a sixth more than by time alone. All but topic, partition and offset are functions of the record, so the key still is those three.
ORDER BY (zone_id, toStartOfHour(time), session_id, time, topic, partition, offset)
TTL written_at + INTERVAL 7 DAY
COMMENT 'Requests that matched an operation, where storing them is switched on; use FINAL where a doubled row would matter';

-- Columns of one window lie side by side in time, hence the deltas.
ALTER TABLE sessions
    MODIFY COLUMN session_id String CODEC(ZSTD(1)),
    MODIFY COLUMN first DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    MODIFY COLUMN last DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    MODIFY COLUMN length UInt32 CODEC(ZSTD(1)),
    MODIFY COLUMN operations Array(UInt32) CODEC(ZSTD(3)),
    MODIFY COLUMN times Array(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(3)),
    MODIFY COLUMN offset UInt64 CODEC(Delta(8), ZSTD(1)),
    ADD COLUMN IF NOT EXISTS collapsed Array(UInt32) ALIAS arrayCompact(operations) COMMENT 'The operations, successive repeats as one',
    ADD COLUMN IF NOT EXISTS dwell_ms Array(Int64) ALIAS arrayPopFront(arrayDifference(arrayMap(t -> toUnixTimestamp64Milli(t), times))) COMMENT 'Milliseconds from each of the operations to the next; one fewer than operations',
    ADD COLUMN IF NOT EXISTS duration_ms Int64 ALIAS dateDiff('millisecond', first, last) COMMENT 'First request to last';

ALTER TABLE decisions
    MODIFY COLUMN time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    MODIFY COLUMN session_id String CODEC(ZSTD(1)),
    MODIFY COLUMN rule_id LowCardinality(String),
    MODIFY COLUMN reason LowCardinality(String),
    MODIFY COLUMN operation_id LowCardinality(String),
    MODIFY COLUMN host LowCardinality(String),
    MODIFY COLUMN path String CODEC(ZSTD(1)),
    MODIFY COLUMN lookback Array(UInt32) CODEC(ZSTD(1)),
    MODIFY COLUMN lookback_times Array(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    ADD COLUMN IF NOT EXISTS operation UInt32 ALIAS reinterpretAsUInt32(reverse(unhex(leftPad(substring(operation_id, 1, 8), 8, '0')))) COMMENT 'Short id of the matched operation; 0: none';

CREATE OR REPLACE VIEW top_sequences AS
SELECT
    s.zone_id AS zone_id,
    z.name AS zone,
    s.kind AS kind,
    row_number() OVER (
        PARTITION BY s.zone_id, s.kind
        ORDER BY s.score DESC, s.support DESC, length(s.operations) DESC, s.operations ASC
    ) AS rank,
    arrayStringConcat(arrayMap((m, h, e) -> concat(m, ' ', h, e), s.methods, s.hosts, s.endpoints), ' → ') AS sequence,
    s.score AS score,
    s.low AS low,
    s.high AS high,
    s.support AS support,
    s.last_support AS last_support,
    s.sessions AS sessions,
    s.short_ids AS short_ids,
    s.methods AS methods,
    s.hosts AS hosts,
    s.endpoints AS endpoints,
    s.computed_at AS computed_at
FROM newest_scores AS s
LEFT JOIN (SELECT zone_id, name FROM zones FINAL) AS z ON s.zone_id = z.zone_id
WHERE s.is_listed = 1
COMMENT 'Listed sequences of every zone and kind in the newest snapshot (the last 24 hours), ranked from 1';

-- Constant arrays for transform: one hash table for the whole query, and an operation takes one look into it.
CREATE OR REPLACE VIEW score_history AS
WITH
(
    SELECT (groupArray(short_id), groupArray(name), groupArray(endpoint))
    FROM operations FINAL
    WHERE zone_id = {zone:String}
) AS known
SELECT
    s.zone_id AS zone_id,
    s.computed_at AS computed_at,
    s.generation AS generation,
    s.kind AS kind,
    arrayStringConcat(arrayMap(o -> transform(o, known.1, known.2, ''), s.operations), ' → ') AS sequence,
    s.score AS score,
    s.low AS low,
    s.high AS high,
    s.support AS support,
    s.last_support AS last_support,
    s.sessions AS sessions,
    arrayMap(o -> leftPad(lower(hex(o)), 8, '0'), s.operations) AS short_ids,
    arrayMap(o -> transform(o, known.1, known.3, ''), s.operations) AS endpoints
FROM sequence_scores AS s
WHERE s.zone_id = {zone:String} AND s.is_listed = 1
    AND s.computed_at >= {from:DateTime64(3, 'UTC')} AND s.computed_at < {to:DateTime64(3, 'UTC')}
    -- Only what a marker names is whole.
    AND (s.computed_at, s.generation) IN
    (
        SELECT computed_at, generation
        FROM score_snapshots
        WHERE zone_id = {zone:String}
            AND computed_at >= {from:DateTime64(3, 'UTC')} AND computed_at < {to:DateTime64(3, 'UTC')}
    )
COMMENT 'Listed scores of a zone at every time they were computed within [from, to)';

CREATE OR REPLACE VIEW session_steps AS
SELECT
    s.zone_id AS zone_id,
    s.session_id AS session_id,
    s.window_first AS window_first,
    s.step AS step,
    s.steps AS steps,
    s.at AS time,
    leftPad(lower(hex(s.operation)), 8, '0') AS short_id,
    n.name AS name,
    n.method AS method,
    n.host AS host,
    n.endpoint AS endpoint,
    s.dwell AS dwell_ms,
    s.source AS source
FROM
(
    SELECT
        zone_id, session_id, first AS window_first, length AS steps, source,
        part.1 AS operation, part.2 AS at, part.3 AS dwell, cut + part.4 AS step
    FROM sessions FINAL
    ARRAY JOIN
        arrayZip(
            operations,
            times,
            arrayPushBack(arrayMap(d -> toNullable(d), dwell_ms), NULL),
            arrayEnumerate(operations)
        ) AS part
    WHERE zone_id = {zone:String}
        AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
) AS s
LEFT ANY JOIN
(
    SELECT short_id, name, method, host, endpoint FROM operations WHERE zone_id = {zone:String}
) AS n ON s.operation = n.short_id
COMMENT 'One row a request of the windows that ended within [from, to): step from 1, dwell_ms until the next request (NULL: the last)';

CREATE OR REPLACE VIEW transitions AS
SELECT
    t.zone_id AS zone_id,
    a.name AS start,
    b.name AS end,
    a.endpoint AS start_endpoint,
    b.endpoint AS end_endpoint,
    leftPad(lower(hex(t.start)), 8, '0') AS start_id,
    leftPad(lower(hex(t.end)), 8, '0') AS end_id,
    t.transitions AS transitions,
    t.sessions AS sessions,
    sum(t.transitions) OVER (PARTITION BY t.start) AS start_transitions,
    t.transitions / start_transitions AS share,
    t.dwell_p50_ms AS dwell_p50_ms,
    t.dwell_p95_ms AS dwell_p95_ms,
    t.last_seen AS last_seen,
    t.last_session AS last_session
FROM
(
    SELECT
        zone_id,
        step.1 AS start,
        step.2 AS end,
        count() AS transitions,
        uniqExact(session_id) AS sessions,
        -- Within 1 % in a few kilobytes; the exact quantile would hold every dwell time.
        round(quantileDD(0.01, 0.5)(toFloat64(step.3))) AS dwell_p50_ms,
        round(quantileDD(0.01, 0.95)(toFloat64(step.3))) AS dwell_p95_ms,
        max(step.4) AS last_seen,
        max((step.4, session_id)).2 AS last_session
    FROM sessions FINAL
    ARRAY JOIN
        arrayFilter(
            s -> s.1 != s.2,
            arrayZip(arrayPopBack(operations), arrayPopFront(operations), dwell_ms, arrayPopFront(times))
        ) AS step
    WHERE zone_id = {zone:String}
        AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
    GROUP BY zone_id, start, end
) AS t
LEFT ANY JOIN
(
    SELECT short_id, name, endpoint FROM operations WHERE zone_id = {zone:String}
) AS a ON t.start = a.short_id
LEFT ANY JOIN
(
    SELECT short_id, name, endpoint FROM operations WHERE zone_id = {zone:String}
) AS b ON t.end = b.short_id
COMMENT 'Direct steps from one operation to another (repeats left out) in windows that ended within [from, to); share of the steps away from start; dwell within 1 %';

CREATE OR REPLACE VIEW rare_transitions AS
SELECT *
FROM transitions(zone = {zone:String}, from = {from:DateTime64(3, 'UTC')}, to = {to:DateTime64(3, 'UTC')})
WHERE share <= {max_share:Float64} AND start_transitions >= {min_support:UInt64}
COMMENT 'Steps that at most max_share of those away from a well known operation (min_support of them) take';

CREATE OR REPLACE VIEW first_last_operations AS
SELECT
    e.zone_id AS zone_id,
    n.name AS name,
    n.endpoint AS endpoint,
    leftPad(lower(hex(e.operation)), 8, '0') AS short_id,
    e.windows AS windows,
    e.first_in AS first_in,
    e.last_in AS last_in,
    e.only_in AS only_in,
    e.first_in / e.windows AS first_share,
    e.last_in / e.windows AS last_share
FROM
(
    SELECT
        zone_id,
        operation,
        count() AS windows,
        -- Of a window that lost its oldest operations nobody knows the first.
        countIf(operation = operations[1] AND cut = 0) AS first_in,
        countIf(operation = operations[-1]) AS last_in,
        countIf(length(collapsed) = 1 AND cut = 0) AS only_in
    FROM sessions FINAL
    ARRAY JOIN arrayDistinct(operations) AS operation
    WHERE zone_id = {zone:String}
        AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
    GROUP BY zone_id, operation
) AS e
LEFT ANY JOIN
(
    SELECT short_id, name, endpoint FROM operations WHERE zone_id = {zone:String}
) AS n ON e.operation = n.short_id
COMMENT 'For each operation the windows that hold it, begin with it, end with it and hold nothing else; windows that ended within [from, to)';

CREATE OR REPLACE VIEW funnel AS
WITH
(
    SELECT (groupArray(short_id), groupArray(name))
    FROM operations FINAL
    WHERE zone_id = {zone:String} AND has({steps:Array(String)}, name)
) AS known
SELECT
    {zone:String} AS zone_id,
    i AS step,
    {steps:Array(String)}[i] AS name,
    countIf(level >= i) AS windows,
    windows / countIf(level >= 1) AS share_of_first,
    if(i = 1, 1, windows / countIf(level >= i - 1)) AS share_of_previous
FROM
(
    SELECT
        -- Requests of one millisecond keep the order of the window: their position breaks the tie.
        windowFunnel({seconds:UInt32} * 1000000000)(
            toUInt64(toUnixTimestamp64Milli(at) * 1000000 + position),
            name = {steps:Array(String)}[1],
            name = {steps:Array(String)}[2],
            name = {steps:Array(String)}[3],
            name = {steps:Array(String)}[4],
            name = {steps:Array(String)}[5],
            name = {steps:Array(String)}[6],
            name = {steps:Array(String)}[7],
            name = {steps:Array(String)}[8]
        ) AS level
    FROM
    (
        SELECT
            last, partition, offset,
            transform(part.1, known.1, known.2, '') AS name, part.2 AS at, part.3 AS position
        FROM sessions FINAL
        ARRAY JOIN arrayZip(operations, times, arrayEnumerate(operations)) AS part
        WHERE zone_id = {zone:String}
            AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
            AND throwIf(length({steps:Array(String)}) NOT BETWEEN 1 AND 8, 'steps must be 1 to 8 names of operations') = 0
            AND throwIf(
                NOT hasAll(known.2, {steps:Array(String)}),
                'a step is no operation of the zone: names are METHOD host/path, see operations.name'
            ) = 0
    )
    WHERE name != ''
    GROUP BY last, partition, offset
)
ARRAY JOIN arrayEnumerate({steps:Array(String)}) AS i
GROUP BY i
COMMENT 'How many windows that ended within [from, to) got how far through steps (1 to 8 names of operations), in order, others between, within seconds of the first';

CREATE OR REPLACE VIEW drop_offs AS
SELECT
    d.zone_id AS zone_id,
    n.name AS last_name,
    n.endpoint AS last_endpoint,
    leftPad(lower(hex(d.operation)), 8, '0') AS last_id,
    d.windows AS windows,
    d.windows / sum(d.windows) OVER () AS share,
    d.sessions AS sessions,
    d.median_requests AS median_requests,
    d.median_ms AS median_ms
FROM
(
    SELECT
        zone_id,
        operations[-1] AS operation,
        count() AS windows,
        uniqExact(session_id) AS sessions,
        round(quantileDD(0.01, 0.5)(toFloat64(length))) AS median_requests,
        round(quantileDD(0.01, 0.5)(toFloat64(duration_ms))) AS median_ms
    FROM sessions FINAL
    WHERE zone_id = {zone:String}
        AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
        -- Of a window that lost its oldest operations nobody knows whether it reached the goal.
        AND cut = 0
        AND NOT hasAny(
            operations,
            (SELECT groupArray(short_id) FROM operations FINAL WHERE zone_id = {zone:String} AND name = {goal:String})
        )
    GROUP BY zone_id, operation
) AS d
LEFT ANY JOIN
(
    SELECT short_id, name, endpoint FROM operations WHERE zone_id = {zone:String}
) AS n ON d.operation = n.short_id
COMMENT 'Where windows that ended within [from, to) stopped without the operation goal: their last operation; medians within 1 %';

CREATE OR REPLACE VIEW sessions_containing AS
WITH
(
    SELECT (groupArray(short_id), groupArray(name))
    FROM operations FINAL
    WHERE zone_id = {zone:String} AND has({steps:Array(String)}, name)
) AS known
SELECT zone_id, session_id, source, first, last, duration_ms, length, operations, times, collapsed, cut, ended
FROM sessions FINAL
WHERE zone_id = {zone:String}
    AND last >= {from:DateTime64(3, 'UTC')} AND last < {to:DateTime64(3, 'UTC')}
    AND hasSubstr(arrayMap(o -> transform(o, known.1, known.2, ''), collapsed), {steps:Array(String)})
COMMENT 'Windows that ended within [from, to) and hold steps (names of operations) directly after each other, repeats as one';

CREATE OR REPLACE VIEW named_requests AS
SELECT
    r.zone_id AS zone_id, r.time AS time, r.session_id AS session_id,
    n.name AS name, n.method AS method, n.host AS host, n.endpoint AS endpoint,
    r.status AS status, r.duration_ms AS duration_ms, r.bytes AS bytes,
    r.source AS source, r.event_id AS event_id, r.operation AS operation
FROM
(
    SELECT * FROM requests FINAL
    WHERE zone_id = {zone:String}
        AND time >= {from:DateTime64(3, 'UTC')} AND time < {to:DateTime64(3, 'UTC')}
) AS r
LEFT ANY JOIN
(
    SELECT short_id, name, method, host, endpoint FROM operations WHERE zone_id = {zone:String}
) AS n ON r.operation = n.short_id
COMMENT 'Stored requests of [from, to) with the names of their operations; empty unless storing them is switched on';
