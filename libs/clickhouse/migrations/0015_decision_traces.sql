-- Where a decision was traced, its trace: from the header of its record.
ALTER TABLE decisions
    ADD COLUMN IF NOT EXISTS trace_id String DEFAULT '' COMMENT 'OpenTelemetry trace id, 32 hex digits; empty: not traced';
