/**
 * Which rows of a snapshot make the list, as SQL. Without a support of the asker's own that is what the ranker flagged;
 * with one the list is made anew from the stored rows: folding and the top 20 depend on what else has that support.
 */

/** Where a query names no sequence at all, only rows of the snapshot: the scorer stores the most supported unlisted ones. */
const snapshot = `zone_id = {zone:String}
  AND computed_at = fromUnixTimestamp64Milli({computed:Int64}, 'UTC')
  AND generation = {generation:UInt64}
  AND kind = {kind:String}`;
const rows = `SELECT operations, score, low, high, support, last_support, sessions FROM sequence_scores WHERE ${snapshot}`;
const eligible = `${rows} AND support >= {min_support:UInt64} AND sessions >= {min_sessions:UInt16}`;

/** The published order: total, so that equal scores give equal lists. */
export const publishedOrder = 'score DESC, support DESC, length(operations) DESC, operations ASC';

/** The largest support among the eligible sequences that end in `ending` and are longer. */
const longer = `SELECT ending, max(support) AS largest
  FROM (SELECT support, arrayJoin(arrayMap(i -> arraySlice(operations, i), range(2, length(operations)))) AS ending FROM (${eligible}))
  GROUP BY ending`;

export type ScoreKind = 'precedence' | 'correlation' | 'lookback';

const listedAnew = {
  // Whole numbers, as in the ranker: 95 of 100 is 95 % exactly. A sequence without a longer one joins with 0.
  precedence: `SELECT e.* FROM (${eligible}) AS e LEFT JOIN (${longer}) AS l ON e.operations = l.ending
    WHERE l.largest * 100 < e.support * 95`,
  correlation: `${eligible} ORDER BY ${publishedOrder} LIMIT 20`,
  lookback: eligible,
} as const satisfies Record<ScoreKind, string>;

/** A subquery of rows; its parameters: zone, computed, generation, kind, min_support, min_sessions. */
export const listing = (kind: ScoreKind, listed: 'true' | 'all', minSupport: number | undefined): string => {
  if (listed === 'all')
    return minSupport === undefined ? rows : `${rows} AND support >= {min_support:UInt64}`;
  return minSupport === undefined ? `${rows} AND is_listed = 1` : listedAnew[kind];
};
