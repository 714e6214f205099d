/** What the scorer can be told. docs/configuration.md is made from these fields. */
import { duration, integer, port, text, type Values } from '@precede/service';

export const scorerFields = {
  PRECEDE_SCORER_HOST: text('Address that the scorer listens on.', '0.0.0.0'),
  PRECEDE_SCORER_PORT: port('Port that the scorer listens on; 0: any free one.', '8084'),
  PRECEDE_SCORER_FLUSH_INTERVAL: duration('How often grown counts are written to ClickHouse.', '1s'),
  PRECEDE_SCORER_FLUSH_ROWS: integer(
    100,
    1_000_000,
    'Grown counts of a partition that are written at once without waiting for the interval.',
    '50000',
  ),
  PRECEDE_SCORER_RANK_INTERVAL: duration(
    'How often zones with new counts are scored anew; a round that takes longer than half of it is followed by a rest of twice its length.',
    '2s',
  ),
  PRECEDE_SCORER_MIN_SUPPORT: integer(1, 1_000_000, 'Occurrences below which no sequence is listed.', '10'),
  PRECEDE_SCORER_MIN_SESSIONS: integer(
    1,
    16,
    'Distinct sessions below which no sequence is listed, so that one looping client makes none.',
    '5',
  ),
  PRECEDE_SCORER_WINDOW_HOURS: integer(
    1,
    48,
    'Hours before the current one that the scores cover; older requests are counted as too old.',
    '24',
  ),
  PRECEDE_SCORER_RANK_MAX_SEQUENCES: integer(
    1_000,
    10_000_000,
    'Most sequences of a zone and form read for one scoring; beyond it the rarest and longest are left out, and counted.',
    '200000',
  ),
  PRECEDE_SCORER_KEEP_UNLISTED: integer(
    0,
    100_000,
    'Unlisted sequences of each kind stored with a snapshot, those with the most support.',
    '5000',
  ),
} as const;

export type ScorerConfig = Values<typeof scorerFields>;
