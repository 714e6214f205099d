/** Scorer: are scores fresh, is everything counted and stored, how does ClickHouse answer. */
import { bound } from './kit/alerts.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, orZero, type Selecting, sum, sumOrZero } from './kit/promql.ts';
import { processesUp, serviceBoard } from './kit/service-board.ts';
import { clickhouseCalls } from './parts/clickhouse.ts';
import { calls, following, lag } from './parts/log.ts';
import { standing } from './parts/standing.ts';

const now = (of: Selecting): readonly AnyPanel[] => [
  processesUp(of, 'the scorer'),
  number({
    title: 'Sequences counted',
    says: 'Sequences a second that went into the counts. 0 while the sessionizer writes some: the scorer waits, for ClickHouse or for its partitions.',
    unit: 'cps',
    span: 4,
    expr: orZero(sum(of.rate('precede_scorer_sequences_total', 'outcome="counted"'))),
    runbook: ['PrecedeScoresLate'],
  }),
  number({
    title: 'Age of the scores',
    says: 'How long the newest scores of a zone with traffic have not told all that is counted of it, of the worst zone. Up to 70 s is normal. Above 300 s: ClickHouse, a zone too big to rank in time, or a scorer that is behind.',
    unit: 's',
    span: 4,
    expr: max(of.series('precede_scorer_score_age_seconds')),
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    runbook: ['PrecedeScoresLate', 'PrecedeScoresOld'],
  }),
  number({
    title: 'Rankings failed',
    says: 'Attempts to score a zone that failed in the last hour. They are tried again; for more than a minute scores get old: ClickHouse, or a zone too big for the budget of the ranker.',
    unit: 'short',
    span: 4,
    decimals: 0,
    expr: orZero(sum(`increase(${of.series('precede_scorer_snapshots_total', 'outcome="failed"')}[1h])`)),
    levels: { warn: 1 },
    runbook: ['PrecedeSnapshotsFailing'],
  }),
  number({
    title: 'ClickHouse calls repeated',
    says: 'Calls a second that failed and are tried again. Above 0 while ClickHouse is away or busy: nothing is lost, scores get old.',
    unit: 'cps',
    span: 4,
    decimals: 2,
    expr: sum(of.rate('precede_scorer_clickhouse_retries_total')),
    levels: { warn: 0.000001, bad: 1 },
    runbook: ['PrecedeClickHouseAway'],
  }),
  number({
    title: 'Rare sequences given up',
    says: 'Sequences given up within the window of the newest scores. Above 0 a zone is beyond its budget, and its scores say by how much they may be short: raise PRECEDE_SCORER_WINDOW_MEMORY or PRECEDE_SCORER_ZONE_MEMORY to have them exact.',
    unit: 'short',
    span: 4,
    expr: sum(of.series('precede_scorer_dropped_sequences')),
    levels: { warn: 1 },
    runbook: ['PrecedeScoresApproximate'],
  }),
];

const counting = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Sequences by outcome',
    says: 'counted is well. too_old: an old log was imported without --shift-to-now, it is not in the scores. unreadable: any of them is a fault, somebody else writes to sequences.v1.',
    unit: 'cps',
    span: 12,
    stacked: true,
    queries: [
      { expr: sumOrZero(of.rate('precede_scorer_sequences_total'), 'outcome'), legend: '{{outcome}}' },
    ],
    colors: { counted: 'green', too_old: 'orange', unreadable: 'red' },
    runbook: ['PrecedeScorerUnreadable'],
  }),
  lines({
    title: 'Memory of the open hours',
    says: 'What the counts of the open epochs take, by process. It falls with each new hour. Bounds: PRECEDE_SCORER_ZONE_MEMORY a zone, PRECEDE_SCORER_MEMORY a partition; near them rare sequences are given up.',
    unit: 'bytes',
    span: 12,
    queries: [{ expr: sum(of.series('precede_scorer_held_bytes'), 'instance'), legend: '{{instance}}' }],
  }),
  lines({
    title: 'Epochs closed',
    says: 'Hours stored whole, with the offset moved past them, within an hour: about one a partition. None for two hours while there is traffic: the offset does not move, and a restart has all of it to read again.',
    unit: 'short',
    span: 12,
    queries: [
      {
        expr: sum(`increase(${of.series('precede_scorer_epochs_total')}[1h])`, 'instance'),
        legend: '{{instance}}',
      },
    ],
  }),
  lines({
    title: 'Branches held',
    says: 'Branches of the counts of the open epochs, by partition; most stand for several sequences. One partition far above the others has one busy zone.',
    unit: 'short',
    span: 12,
    queries: [
      {
        expr: sumOrZero(of.series('precede_scorer_held_sequences'), 'partition'),
        legend: 'partition {{partition}}',
      },
    ],
  }),
];

const ranking = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Age of the scores, by process',
    says: 'Of the worst zone with traffic of each process. A saw tooth below 70 s is normal; a line that climbs is a zone that is not ranked any more.',
    unit: 's',
    span: 12,
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    queries: [
      { expr: max(of.series('precede_scorer_score_age_seconds'), 'instance'), legend: '{{instance}}' },
    ],
    runbook: ['PrecedeScoresLate', 'PrecedeScoresOld'],
  }),
  lines({
    title: 'Rankings by outcome',
    says: 'ranked: a zone got fresh scores; advanced: there was nothing new for it; failed: tried again.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sumOrZero(of.rate('precede_scorer_snapshots_total'), 'outcome'), legend: '{{outcome}}' },
    ],
    colors: { ranked: 'green', advanced: 'blue', failed: 'red' },
    runbook: ['PrecedeSnapshotsFailing'],
  }),
  lines({
    title: 'Time to rank a zone',
    says: 'To read, score and store one zone. p99 above 10 s: a zone with very many sequences, or a slow ClickHouse.',
    unit: 's',
    span: 12,
    levels: { bad: 10 },
    queries: [0.5, 0.99].map((q) => ({
      expr: of.quantile(q, 'precede_scorer_rank_seconds'),
      legend: `p${q * 100}`,
    })),
  }),
  lines({
    title: 'Memory of the ranker',
    says: 'The 24 hours of counts that zones are scored from, by process: PRECEDE_SCORER_WINDOW_MEMORY a zone at most, for a moment a third more while an hour is read.',
    unit: 'bytes',
    span: 12,
    queries: [{ expr: sum(of.series('precede_scorer_zone_bytes'), 'instance'), legend: '{{instance}}' }],
  }),
  lines({
    title: 'Left out of scores',
    says: 'cut: rarest stored counts beyond PRECEDE_SCORER_RANK_MAX_ROWS, so scores are approximate (is_exact false). given up: rare sequences of zones beyond their memory.',
    unit: 'short',
    span: 12,
    queries: [
      {
        expr: sum(`increase(${of.series('precede_scorer_cut_sequences_total')}[1h])`),
        legend: 'cut within an hour',
      },
      { expr: sum(of.series('precede_scorer_dropped_sequences')), legend: 'given up' },
    ],
    runbook: ['PrecedeScoresApproximate'],
  }),
  lines({
    title: 'Sessions scored anew',
    says: 'Sessions written again with their likelihood: they came before there was a model. Rises with imports and new zones; in live traffic of a known zone it stands still.',
    unit: 'cps',
    span: 12,
    queries: [{ expr: sum(of.rate('precede_scorer_rescored_sessions_total')), legend: 'scored anew' }],
  }),
];

const storing = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Rows written by table',
    says: 'Rows a second into ClickHouse. For sizing.',
    unit: 'cps',
    span: 12,
    queries: [{ expr: sumOrZero(of.rate('precede_scorer_rows_total'), 'table'), legend: '{{table}}' }],
  }),
  lines({
    title: 'Time of a flush',
    says: 'To write the grown counts of a partition, repeats included. p99 above 5 s: ClickHouse is slow, scores get old.',
    unit: 's',
    span: 12,
    levels: { bad: 5 },
    queries: [0.5, 0.99].map((q) => ({
      expr: of.quantile(q, 'precede_scorer_flush_seconds'),
      legend: `p${q * 100}`,
    })),
    runbook: ['PrecedeClickHouseAway'],
  }),
  lines({
    title: 'Archived records',
    says: 'Sessions, decisions and changes stored for analysts. unreadable: any of them is a fault; the dead letters have the bytes.',
    unit: 'cps',
    span: 12,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_scorer_archived_records_total'), 'topic', 'outcome'),
        legend: '{{topic}} {{outcome}}',
      },
    ],
    runbook: ['PrecedeScorerUnreadable'],
  }),
  heatmap({
    title: 'Time of a flush, spread',
    says: 'How many flushes took how long. A band that climbs is ClickHouse under merges, or short of disk.',
    unit: 's',
    span: 12,
    expr: of.buckets('precede_scorer_flush_seconds'),
  }),
];

const configuration = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Names taken from the configuration',
    says: 'Records of config.v1 by what became of them. unreadable: any is a fault, names in the views of ClickHouse may be missing.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sumOrZero(of.rate('precede_scorer_config_records_total'), 'outcome'), legend: '{{outcome}}' },
    ],
    colors: { stored: 'green', unreadable: 'red' },
    runbook: ['PrecedeConfigUnreadable'],
  }),
  following(of, 12),
];

export const scorer = serviceBoard({
  service: 'scorer',
  title: 'Scorer',
  says: 'Sequences counted, zones ranked, rows stored: whether scores are fresh and exact, and how ClickHouse answers.',
  sections: (of) => [
    { panels: now(of) },
    { title: 'Lag', panels: lag(of) },
    { title: 'Counting', panels: counting(of) },
    { title: 'Ranking', panels: ranking(of) },
    { title: 'ClickHouse', panels: [...storing(of), ...clickhouseCalls(of)] },
    { title: 'The log', panels: calls(of) },
    { title: 'Readiness and bounds', panels: [...standing(of), ...configuration(of)] },
  ],
});
