/**
 * The tables of the peers' bench, in Markdown: medians over the rounds, ratios to the floor of the same protocol. Beside
 * the median CPU stands the least of a round: other work on the machine only ever adds to it.
 */
import type { Ran } from './enforcer-peers-load.ts';
import type { Subject } from './enforcer-peers-servers.ts';

/** One run on one server. */
export interface Column extends Ran {
  /** CPU of the server itself for one decision, and of what it needs beside it. */
  readonly serverUs: number;
  readonly besideUs: number;
}

type Of = (run: Column) => number;

const median = (runs: readonly Column[], of: Of): number =>
  runs.map(of).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? Number.NaN;

const wholeUs: Of = (run) => run.serverUs + run.besideUs;
const coresOf: Of = (run) => (wholeUs(run) * run.answers) / 1e6 / run.seconds;

export const tableOf = (
  columns: ReadonlyMap<Subject, readonly Column[]>,
  rate: number | null,
): readonly string[] => {
  const floors = new Map(
    [...columns].filter(([{ isFloor }]) => isFloor).map(([{ protocol }, runs]) => [protocol, runs]),
  );
  const head = [
    ...['', ...(rate === null ? ['decisions/s'] : []), 'p50 ms', 'p99 ms', 'CPU µs a decision', 'least'],
    ...['to its floor', 'denied', ...(rate === null ? ['cores, server', 'cores, generator'] : [])],
  ];
  const lines = [...columns].map(([subject, runs]) =>
    rowOf(subject, runs, floors.get(subject.protocol), rate),
  );
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
};

const rowOf = (
  subject: Subject,
  runs: readonly Column[],
  floor: readonly Column[] | undefined,
  rate: number | null,
): readonly string[] => {
  const of = (what: Of, digits: number): string => median(runs, what).toFixed(digits);
  const beside = median(runs, (run) => run.besideUs);
  const cpu = of((run) => run.serverUs, 1) + (beside > 0 ? ` + ${beside.toFixed(1)}` : '');
  const ratio = floor === undefined ? '–' : (median(runs, wholeUs) / median(floor, wholeUs)).toFixed(2);
  const answers = rate === null ? [of((run) => run.answers / run.seconds, 0)] : [];
  const cores = rate === null ? [of(coresOf, 2), of((run) => run.cpuSeconds / run.seconds, 2)] : [];
  return [
    ...[subject.name, ...answers, of((run) => run.p50Ms, 2), of((run) => run.p99Ms, 2), cpu],
    ...[Math.min(...runs.map(wholeUs)).toFixed(1), ratio],
    ...[`${of((run) => (run.denied * 100) / run.answers, 1)} %`, ...cores],
  ];
};
