/** All measurements as the tables of docs/insight.md. */
import { abuseKinds } from './abuse.ts';
import type { CoverageRow } from './coverage.ts';
import { type ExactCoverage, type Level, mean } from './report.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
const share = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(2));
const percent = (value: number): string => (Number.isNaN(value) ? '–' : `${(value * 100).toFixed(1)} %`);

const coverageCells = (row: CoverageRow): string[] => [
  row.band,
  String(row.intervals),
  Number.isNaN(row.meanError) ? '–' : row.meanError.toFixed(4),
  percent(row.asListed),
  percent(row.beforehand),
  row.designEffect.map(share).join(' · '),
  percent(row.widened),
];
const coverageHead = [
  'support',
  'intervals',
  'mean error',
  'as listed',
  'chosen beforehand',
  'design effect',
  'widened',
];

export const renderReport = (levels: readonly Level[], exact: readonly ExactCoverage[]): string =>
  [
    '### Lists',
    table(
      ['noise', 'list', 'length', 'required', 'required or habit', 'pairs found', 'whole journeys found'],
      levels.flatMap((level) =>
        level.quality.map((row) => [
          level.name,
          row.list,
          String(row.length),
          ...[row.precision, row.withHabit, row.pairs, row.ways].map(share),
        ]),
      ),
    ),
    '### How far to read',
    table(
      [
        'noise',
        'list',
        'for nine in ten pairs',
        'wrong among them',
        'for nine in ten journeys',
        'wrong among them',
      ],
      levels.flatMap((level) =>
        level.reading.map((row) => [
          level.name,
          row.list,
          ...[row.pairs, row.ways].flatMap((each) =>
            each === null ? ['never', '–'] : [String(each.read), String(each.wrong)],
          ),
        ]),
      ),
    ),
    '### What a score is worth',
    table(
      ['noise', 'precedence score', 'listed a day', 'required', 'required or habit'],
      levels.flatMap((level) =>
        level.bands.map((row) => [
          level.name,
          row.band,
          (row.listed / Math.max(1, levelDays(level))).toFixed(1),
          share(row.required),
          share(row.withHabit),
        ]),
      ),
    ),
    '### Intervals',
    table(
      ['traffic', ...coverageHead],
      [...exact, ...levels.map((level) => ({ ...level, name: `${level.name} noise` }))].flatMap((each) =>
        each.coverage.filter((row) => row.intervals > 0).map((row) => [each.name, ...coverageCells(row)]),
      ),
    ),
    '### Strange sessions',
    table(
      ['noise', 'sorted by', ...abuseKinds, 'mean', 'in the strangest 1 %'],
      levels.flatMap((level) =>
        level.anomalies.map((row) => [
          level.name,
          row.name,
          ...row.auc.map(share),
          share(mean(row.auc)),
          percent(row.inStrangest),
        ]),
      ),
    ),
  ].join('\n\n');

const levelDays = (level: Level): number =>
  Math.round(level.bands.reduce((sum, each) => sum + each.listed, 0) / level.listed);
