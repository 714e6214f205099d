/**
 * One sequence with all that is known of it: its score at a time, the rule that would enforce it, its history, its hours,
 * and sessions with and without it. Everything is of one snapshot, whose marker is read first.
 */
import type { ClickHouse } from '@precede/clickhouse';
import type { ZoneSnapshot } from '@precede/contracts';
import { z } from 'zod';
import { timestamp } from './envelope.ts';
import { instant, wholeNumber } from './parse.ts';
import { type Hours, historyOf, hoursOf, hourView } from './sequence-history.ts';
import { examplesOf } from './sequence-sessions.ts';
import {
  formatSequenceId,
  namesOf,
  operationOf,
  type ScoreKind,
  type ScoreNumbers,
  type Sequence,
  scoreColumns,
} from './sequence-view.ts';
import {
  expiredText,
  type Kept,
  keptOf,
  markerAt,
  missingText,
  ofSnapshot,
  type SnapshotMarker,
  snapshotParams,
  snapshotView,
} from './snapshots.ts';

export const sequenceQuery = z
  .strictObject({
    at: instant.optional(),
    from: instant.optional(),
    to: instant.optional(),
    points: wholeNumber(1, 1_000).default(100),
    examples: wholeNumber(0, 20).default(5),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['from'],
    error: 'must not be after to',
  });
export type SequenceQuery = z.infer<typeof sequenceQuery>;

interface StoredScore extends ScoreNumbers {
  readonly kind: ScoreKind;
  readonly is_listed: number;
}

/** The score of the sequence, and the lookback score of its last two operations, which is what a rule would let through. */
const scoresSql = `SELECT kind, ${scoreColumns}, is_listed FROM sequence_scores
  WHERE ${ofSnapshot} AND ((kind = {kind:String} AND operations = {operations:Array(UInt32)})
    OR (kind = 'lookback' AND operations = {pair:Array(UInt32)}))`;

export type SequenceAnswer =
  | { readonly kind: 'found'; readonly result: object; readonly messages: readonly object[] }
  | { readonly kind: 'missing'; readonly why: string };

export const readSequence = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  sequence: Sequence,
  query: SequenceQuery,
): Promise<SequenceAnswer> => {
  const { zoneId } = zone;
  const marker = await markerAt(clickhouse, zoneId, query.at);
  if (marker === undefined) return { kind: 'missing', why: await missingText(clickhouse, zoneId, query.at) };
  const known = await readKnown(clickhouse, zone, sequence, query, marker);
  if (!isKnown(known)) return { kind: 'missing', why: unknownText(marker) };
  const kept = await keptOf(clickhouse, zoneId, marker);
  const names = await namesOf(clickhouse, zone, sequence.operations);
  const examples =
    query.examples === 0 ? null : await examplesOf(clickhouse, zone, sequence, marker, query.examples);
  const result = {
    id: formatSequenceId(sequence),
    kind: sequence.kind,
    operations: sequence.operations.map((id) => operationOf(names, id)),
    ...snapshotView(marker),
    ...(known.score === undefined ? noScore : scoreView(known.score)),
    rule: ruleOf(zone, sequence, known.lookback),
    history: known.history,
    hours: known.hours.map(hourView),
    examples,
  };
  return { kind: 'found', result, messages: messagesOf(marker, kept, known) };
};

interface Known {
  readonly score: StoredScore | undefined;
  /** Of the last two operations. */
  readonly lookback: StoredScore | undefined;
  readonly history: Awaited<ReturnType<typeof historyOf>>;
  readonly hours: Hours;
}

const readKnown = async (
  clickhouse: ClickHouse,
  { zoneId }: ZoneSnapshot,
  sequence: Sequence,
  { from = 0, to, points }: SequenceQuery,
  marker: SnapshotMarker,
): Promise<Known> => {
  const scores = await clickhouse.query<StoredScore>(scoresSql, {
    ...snapshotParams(zoneId, marker),
    ...sequence,
    pair: sequence.operations.slice(-2),
  });
  const range = { fromMs: from, toMs: to ?? marker.computed_ms, points };
  return {
    score: scores.find(({ kind }) => kind === sequence.kind),
    lookback: scores.find(({ kind }) => kind === 'lookback'),
    history: await historyOf(clickhouse, zoneId, sequence, range),
    hours: await hoursOf(clickhouse, zoneId, sequence, marker),
  };
};

const isKnown = ({ score, history, hours }: Known): boolean =>
  score !== undefined || occurrencesIn(hours) > 0 || history.some((point) => point.support !== null);

const occurrencesIn = (hours: Hours): number => hours.reduce((sum, hour) => sum + hour.occurrences, 0);

const unknownText = (marker: SnapshotMarker): string =>
  `the scores computed at ${timestamp(marker.computed_ms)} have none of this sequence, nor have those before it that are asked for`;

const noScore = {
  score: null,
  low: null,
  high: null,
  support: null,
  last_support: null,
  sessions: null,
  undercount: null,
  is_listed: null,
} as const;

const scoreView = ({ kind: _kind, is_listed, ...numbers }: StoredScore) => ({
  ...numbers,
  is_listed: is_listed === 1,
});

/**
 * What an allow rule of the last two operations would let through; null where there can be none: one of them is not saved, or
 * their hosts differ, or they are one and the first of a session could never pass.
 */
const ruleOf = (zone: ZoneSnapshot, { operations }: Sequence, found: StoredScore | undefined) => {
  const saved = new Map([...zone.operations.values()].map((each) => [each.shortId, each]));
  const [start, end] = operations.slice(-2).map((id) => saved.get(id));
  if (start === undefined || end === undefined || start === end || start.host !== end.host) return null;
  const pair = [start.operationId, end.operationId];
  if (found === undefined) return { sequence: pair, lookback: null };
  const { score, low, high, support, last_support } = found;
  return { sequence: pair, lookback: { score, low, high, support, last_support } };
};

const messagesOf = (
  marker: SnapshotMarker,
  { hasListed, hasUnlisted }: Kept,
  { score, hours }: Known,
): readonly object[] => {
  const texts = [`scores computed at ${timestamp(marker.computed_ms)}`];
  if (score === undefined && !hasListed) texts.push(expiredText(marker));
  else if (score === undefined && !hasUnlisted)
    texts.push('not listed then; what was not listed is no longer kept of these scores (3 hours)');
  else if (score === undefined) texts.push('these scores have none of this sequence');
  if (score !== undefined && occurrencesIn(hours) < score.support)
    texts.push('the counts by the hour are no longer kept whole (3 days)');
  return texts.map((message) => ({ message }));
};
