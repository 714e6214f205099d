/** A run of the scorer as a person reads it. */
import type { ScorerReport } from './run.ts';

export const formatScorerReport = (report: ScorerReport): string => {
  const list = (map: ReadonlyMap<string, number>): string =>
    [...map]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, n]) => `${what} ${n}`)
      .join(', ');
  const halts = [...report.halted.values()].reduce((sum, n) => sum + n, 0);
  return [
    `seed ${report.seed}: ${report.records} records, ${report.tooOld} of them too old, ${report.seconds.toFixed(0)} s`,
    `halts: ${halts} (${list(report.halted)}); ClickHouse killed ${report.databaseKills} times`,
    `troubles: ${list(report.troubles)}`,
    `epochs stored: ${report.epochs[0]} by the owner, ${report.epochs[1]} by the double`,
    `counts: ${report.counts} of an hour, ${report.occurrences} occurrences stored, ${report.short} counts short, ${report.dropped} sequences dropped`,
    `snapshots: ${report.snapshots} told of, ${report.samples} looked at with ${report.sampledScores} scores`,
    ...report.faults,
  ].join('\n');
};
