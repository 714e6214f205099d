/** Runs of the scorer as a person reads them. */
import type { Checked } from './check.ts';
import type { ScorerReport } from './run.ts';
import type { GroupReport } from './run-kafka.ts';

const list = (map: ReadonlyMap<string, number>): string =>
  [...map]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${what} ${n}`)
    .join(', ');

const sum = (map: ReadonlyMap<string, number>): number => [...map.values()].reduce((a, b) => a + b, 0);

export const formatScorerReport = (report: ScorerReport): string =>
  [
    `seed ${report.seed}: ${report.records} records, ${report.tooOld} of them too old, ${report.seconds.toFixed(0)} s`,
    `halts: ${sum(report.halted)} (${list(report.halted)}); ClickHouse killed ${report.databaseKills} times`,
    `epochs stored: ${report.epochs[0]} by the owner, ${report.epochs[1]} by the double`,
    ...checkedLines(report, report.troubles),
  ].join('\n');

export const formatGroupReport = (report: GroupReport): string =>
  [
    `seed ${report.seed}: ${report.records} records, ${report.seconds.toFixed(0)} s`,
    `faults: ${sum(report.faulted)} (${list(report.faulted)}); ClickHouse killed ${report.databaseKills} times, ${report.membersStarted} members started`,
    ...checkedLines(report, report.troubles),
  ].join('\n');

const checkedLines = (checked: Checked, troubles: ReadonlyMap<string, number>): string[] => [
  `troubles: ${sum(troubles)} (${list(troubles)})`,
  `counts: ${checked.counts} of an hour, ${checked.occurrences} occurrences stored, ${checked.short} counts short, ${checked.dropped} sequences dropped`,
  `snapshots: ${checked.snapshots} told of, ${checked.samples} looked at with ${checked.sampledScores} scores`,
  ...checked.faults,
];
