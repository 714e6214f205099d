-- Decisions as receipts: what the rule does, everything that was seen, and what would have let the request pass.
ALTER TABLE decisions
    ADD COLUMN IF NOT EXISTS action LowCardinality(String) DEFAULT '' COMMENT 'What the rule does or would do: log, block, limit, redirect; empty: no rule',
    ADD COLUMN IF NOT EXISTS rule_source LowCardinality(String) DEFAULT '' COMMENT 'Phase of the rule, or apiShieldSequenceMitigation; empty: no rule',
    ADD COLUMN IF NOT EXISTS status UInt16 DEFAULT 0 COMMENT 'Status answered in place of the origin; 0: let through',
    ADD COLUMN IF NOT EXISTS raw Array(UInt32) COMMENT 'Short ids of the last hour that expressions saw, repeats kept, oldest first',
    ADD COLUMN IF NOT EXISTS raw_times Array(DateTime64(3, 'UTC')) COMMENT 'Time of each of raw',
    ADD COLUMN IF NOT EXISTS rules Array(String) COMMENT 'Every rule that matched: source/rule id/what it did or would do',
    ADD COLUMN IF NOT EXISTS trace String DEFAULT '' COMMENT 'How the expression of the rule came to its value, a line a part',
    ADD COLUMN IF NOT EXISTS remedy String DEFAULT '' COMMENT 'What would have let the request pass; empty where it passed',
    ADD COLUMN IF NOT EXISTS revision UInt64 DEFAULT 0 COMMENT 'Revision of the zone that was decided on';
