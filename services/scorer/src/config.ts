/** What the scorer can be told. docs/configuration.md is made from these fields. */
import { duration, flag, integer, port, size, text, type Values } from '@precede/service';

export const scorerFields = {
  PRECEDE_SCORER_HOST: text('Address that the scorer listens on.', '0.0.0.0'),
  PRECEDE_SCORER_PORT: port('Port that the scorer listens on; 0: any free one.', '8084'),
  PRECEDE_SCORER_FLUSH_INTERVAL: duration(
    'How often grown counts of a partition are written to ClickHouse; a write is followed by a rest of twenty times its length, a minute at most.',
    '1s',
  ),
  PRECEDE_SCORER_ZONE_MEMORY: size(
    'Memory for the open counts of one zone in one partition of sequences.v1; within it counts are exact, beyond it the rarest are given up.',
    '16MiB',
  ),
  PRECEDE_SCORER_MEMORY: size(
    'Memory for the open counts of all zones in one partition; beyond it the largest zone gives up its rarest.',
    '64MiB',
  ),
  PRECEDE_SCORER_RANK_INTERVAL: duration(
    'How often zones with new counts are scored anew; a round is followed by a rest of ten times its length, and a large zone rests longer, a minute at most.',
    '2s',
  ),
  PRECEDE_SCORER_MIN_SUPPORT: integer(1, 1_000_000, 'Occurrences below which no sequence is listed.', '10'),
  PRECEDE_SCORER_MIN_SESSIONS: integer(
    1,
    32,
    'Distinct sessions below which no sequence is listed, so that one looping client makes none.',
    '5',
  ),
  PRECEDE_SCORER_WINDOW_HOURS: integer(
    1,
    48,
    'Hours before the current one that the scores cover; older requests are counted as too old.',
    '24',
  ),
  PRECEDE_SCORER_WINDOW_MEMORY: size(
    'Memory for the 24 hours of counts that one zone is scored from; beyond it what is rarest in the whole window is forgotten, and every score tells what it may be short of.',
    '256MiB',
  ),
  PRECEDE_SCORER_RANK_MAX_ROWS: integer(
    1_000,
    10_000_000,
    'Most stored counts of one hour of a zone that its scores are computed from, a row for each branch of the counts; beyond it the rarest are left out, and counted.',
    '300000',
  ),
  PRECEDE_SCORER_KEEP_UNLISTED: integer(
    0,
    100_000,
    'Unlisted sequences of each kind stored with a snapshot, those with the most support.',
    '1000',
  ),
  PRECEDE_SCORER_STORE_REQUESTS: flag(
    'Whether every matched request is stored in the table requests as well, for analysts.',
    'false',
  ),
} as const;

export type ScorerConfig = Values<typeof scorerFields>;
