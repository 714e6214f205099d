/** What the sessionizer can be told. docs/configuration.md is made from these fields. */
import { defaultJournalLimits, type JournalLimits, type WindowBounds } from '@precede/sequence';
import { duration, integer, port, size, text, type Values } from '@precede/service';

const count = (meaning: string, fallback: string) => integer(1, 100_000_000, meaning, fallback);

export const sessionizerFields = {
  PRECEDE_SESSIONIZER_HOST: text('Address that the sessionizer listens on.', '0.0.0.0'),
  PRECEDE_SESSIONIZER_PORT: port('Port that the sessionizer listens on; 0: any free one.', '8083'),
  PRECEDE_SESSIONIZER_MAX_WINDOWS: count(
    'Open session windows per partition; beyond it the longest idle ones are closed as `bound`.',
    '100000',
  ),
  PRECEDE_SESSIONIZER_MAX_BYTES: size(
    'Estimated memory of the windows of one partition; beyond it closed sessions are forgotten, and after them the longest idle windows closed as `bound`.',
    '512MiB',
  ),
  PRECEDE_SESSIONIZER_MAX_HELD: count(
    'Requests per partition held to be put in order; beyond it the oldest of the source that holds most are emitted before their time.',
    '100000',
  ),
  PRECEDE_SESSIONIZER_MAX_REMEMBERED: count(
    'Closed sessions per partition remembered for late requests; beyond it the oldest are forgotten, and requests of unknown sessions as old as those refused.',
    '100000',
  ),
  PRECEDE_SESSIONIZER_MAX_SOURCES: count(
    'Sources per partition; beyond it the imports that were silent longest end, and are forgotten.',
    '10000',
  ),
  PRECEDE_SESSIONIZER_REMEMBER: duration(
    'How long, in event time, a closed session is remembered for late requests.',
    '24h',
  ),
  PRECEDE_SESSIONIZER_IDLE_AFTER: duration(
    'Silence after which a live source follows the wall clock; 0s: the grace of its zone, and half a second where its times are those of the clock.',
    '0s',
  ),
  PRECEDE_SESSIONIZER_SOURCE_KEPT: duration(
    'How long an ended source is remembered, and after which silence an import counts as ended.',
    '48h',
  ),
  PRECEDE_SESSIONIZER_MAX_BATCH: integer(
    1,
    10_000,
    'Most records of one step, which is one transaction. More of them cost memory, fewer CPU.',
    '2000',
  ),
  PRECEDE_SESSIONIZER_JOURNAL: count(
    'Requests per partition kept as such in the changelog before its windows are written whole; at least four for each open window. More of them cost less while running and more at a restore.',
    '100000',
  ),
} as const;

export type SessionizerConfig = Values<typeof sessionizerFields>;

export const boundsOf = (config: SessionizerConfig): Partial<WindowBounds> => ({
  maxWindows: config.PRECEDE_SESSIONIZER_MAX_WINDOWS,
  maxBytes: config.PRECEDE_SESSIONIZER_MAX_BYTES,
  maxHeld: config.PRECEDE_SESSIONIZER_MAX_HELD,
  maxSources: config.PRECEDE_SESSIONIZER_MAX_SOURCES,
  maxRemembered: config.PRECEDE_SESSIONIZER_MAX_REMEMBERED,
  rememberMs: config.PRECEDE_SESSIONIZER_REMEMBER,
  idleAfterMs: config.PRECEDE_SESSIONIZER_IDLE_AFTER === 0 ? null : config.PRECEDE_SESSIONIZER_IDLE_AFTER,
  sourceKeptMs: config.PRECEDE_SESSIONIZER_SOURCE_KEPT,
});

export const limitsOf = (config: SessionizerConfig): JournalLimits => ({
  ...defaultJournalLimits,
  minRequests: config.PRECEDE_SESSIONIZER_JOURNAL,
});
