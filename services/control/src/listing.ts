/**
 * Which rows of a snapshot make the list, as SQL. Without a support of the asker's own that is what the ranker flagged;
 * with one the list is made anew from the stored rows: folding and the top 20 depend on what else has that support.
 */
import { type ScoreKind, scoreColumns } from './sequence-view.ts';
import { ofSnapshot } from './snapshots.ts';

/**
 * Where a query names no sequence at all, only rows of the snapshot: the scorer stores the most supported unlisted ones.
 * DISTINCT: an insert whose answer was lost is made again, and then its rows are there twice.
 */
const rows = `SELECT DISTINCT operations, ${scoreColumns} FROM sequence_scores WHERE ${ofSnapshot} AND kind = {kind:String}`;
const supported = 'support >= {min_support:UInt64}';
const eligible = `${rows} AND ${supported} AND sessions >= {min_sessions:UInt16}`;

/** The published order: total, so that equal scores give equal lists. */
export const publishedOrder = 'score DESC, support DESC, length(operations) DESC, operations ASC';

/** The largest support among the eligible sequences that end in `ending` and are longer. */
const longer = `SELECT ending, max(support) AS largest
  FROM (SELECT support, arrayJoin(arrayMap(i -> arraySlice(operations, i), range(2, length(operations)))) AS ending FROM (${eligible}))
  GROUP BY ending`;

const listedAnew = {
  // Whole numbers, as in the ranker: 95 of 100 is 95 % exactly. A sequence without a longer one joins with 0.
  precedence: `SELECT e.* FROM (${eligible}) AS e LEFT JOIN (${longer}) AS l ON e.operations = l.ending
    WHERE l.largest * 100 < e.support * 95`,
  correlation: `${eligible} ORDER BY ${publishedOrder} LIMIT 20`,
  lookback: eligible,
} as const satisfies Record<ScoreKind, string>;

export interface ListingQuery {
  readonly kind: ScoreKind;
  readonly listed: 'true' | 'all';
  readonly min_support?: number | undefined;
}

/** Whether rows that the ranker did not flag take part. */
export const needsUnlisted = ({ listed, min_support }: ListingQuery): boolean =>
  listed === 'all' || min_support !== undefined;

/** A subquery of rows; its parameters: those of the snapshot, kind, min_support, min_sessions. */
export const listing = (query: ListingQuery, hasUnlisted: boolean): string => {
  const { kind, listed, min_support: minSupport } = query;
  const bound = minSupport === undefined ? '' : ` AND ${supported}`;
  // From the flagged rows alone no list can be made anew: what was folded is missing.
  if (!needsUnlisted(query) || !hasUnlisted) return `${rows} AND is_listed = 1${bound}`;
  return listed === 'all' ? `${rows}${bound}` : listedAnew[kind];
};
