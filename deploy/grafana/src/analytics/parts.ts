/** What the queries share. */

export const zone = '${zone:sqlstring}';

/**
 * Parameters of a view over a zone and the range of the dashboard. Views take times as UTC, and a time goes to them as text
 * in its own time zone: without one it would be that of the server.
 */
export const range = `zone = ${zone}, from = toTimezone($__fromTime_ms, 'UTC'), to = toTimezone($__toTime_ms, 'UTC')`;

/** Rules as people call them: the title of a sequence rule, the description of another, as last changed. */
export const ruleNames = `SELECT
    resource_id AS rule_id,
    argMax(
        coalesce(nullIf(JSONExtractString(after, 'title'), ''), nullIf(JSONExtractString(after, 'description'), ''), resource_id),
        (revision, place)
    ) AS rule
FROM audit
WHERE zone_id = ${zone} AND resource IN ('sequence_rule', 'expression_rule') AND after != ''
GROUP BY resource_id`;

/** Denied, or would have been. A decision may be stored twice, so it is counted by its id. */
export const denials = `zone_id = ${zone} AND $__timeFilter(time) AND verdict != 'allow'`;
