/** A run as a person reads it. */
import { outputs } from './check.ts';
import { Fault } from './faults.ts';
import type { Report } from './run.ts';

export const formatReport = (report: Report): string => {
  const kinds = Object.values(Fault).map((kind) => [kind, report.faults.filter((f) => f === kind).length]);
  const judged = Object.entries(report.judgements).map(([judgement, count]) => `${judgement} ${count}`);
  const seconds = report.feedSeconds + report.drainSeconds;
  return [
    `seed ${report.seed}`,
    `input: ${report.events} events, ${report.inputRecords} records (${judged.join(', ')}), ${report.sendsRepeated} sends repeated`,
    `faults: ${report.faults.length} (${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')})`,
    `group: ${report.membersStarted} members started (${report.membersRestarted} again, the broker being away at their start), ${report.rebalancesSeen} rebalances seen by them, ${report.partitionsOpened} openings of a partition`,
    `time: ${seconds.toFixed(0)} s with faults (${Math.round(report.inputRecords / seconds)} records/s), of it ${report.drainSeconds.toFixed(0)} s to drain and close; ${report.checkSeconds.toFixed(0)} s to recount and compare`,
    '',
    '| output | expected | seen | lost | doubled | strange | out of order |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...outputs.map((topic) => {
      const { expected, seen, lost, doubled, strange, outOfOrder } = report.outputs[topic];
      return `| ${topic} | ${expected} | ${seen} | ${lost} | ${doubled} | ${strange} | ${outOfOrder} |`;
    }),
    ...outputs.flatMap((topic) => report.outputs[topic].examples),
  ].join('\n');
};
