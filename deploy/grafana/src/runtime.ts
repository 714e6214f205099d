/** Runtime: what the processes take of their machines, and which release they are. */
import { bound } from './kit/alerts.ts';
import { board } from './kit/board.ts';
import { grid } from './kit/grid.ts';
import { lines } from './kit/lines.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, min, selecting, sum } from './kit/promql.ts';
import { marks } from './kit/service-board.ts';
import { instanceVariable, prometheusVariable, serviceVariable } from './kit/variables.ts';
import { bounds, conditions } from './parts/standing.ts';

const scope = ['service=~"$service"', 'instance=~"$instance"'] as const;
const of = selecting(...scope);
const process = ['service', 'instance'] as const;
const legend = '{{service}} {{instance}}';

const processes: AnyPanel = grid({
  title: 'Processes',
  says: 'One row a process. Down: Prometheus does not reach it. Young without a rollout: it ends again and again; the last line of its log says why (1: configuration, 2: it cannot go on). More than one release outside of a rollout: one was forgotten.',
  unit: 'short',
  span: 24,
  height: 9,
  rows: [
    { label: 'service', title: 'Service' },
    { label: 'instance', title: 'Instance' },
  ],
  columns: [
    { title: 'Up', expr: min(of.series('up'), ...process), levels: { bad: 1, below: true } },
    {
      title: 'Up since',
      expr: `time() - ${max(of.series('process_start_time_seconds'), ...process)}`,
      unit: 's',
    },
    { title: 'CPU', expr: sum(of.rate('process_cpu_seconds_total'), ...process), unit: 'percentunit' },
    {
      title: 'Memory',
      expr: sum(of.series('process_resident_memory_bytes'), ...process),
      unit: 'bytes',
    },
    {
      title: 'Event loop p99',
      expr: max(of.series('nodejs_eventloop_lag_p99_seconds'), ...process),
      unit: 's',
      levels: { warn: 0.05, bad: bound.PrecedeProcessShortOfCpu },
    },
  ],
  runbook: ['PrecedeTargetDown', 'PrecedeRestarting', 'First aid'],
});

const releases: AnyPanel = grid({
  title: 'Releases',
  says: 'Which release and commit runs where. Two during a rollout, one otherwise.',
  unit: 'short',
  span: 24,
  height: 6,
  rows: [
    { label: 'service', title: 'Service' },
    { label: 'version', title: 'Release' },
    { label: 'commit', title: 'Commit' },
  ],
  columns: [
    { title: 'Processes', expr: sum(of.series('precede_build_info'), 'service', 'version', 'commit') },
  ],
  runbook: ['PrecedeVersionsDiffer', 'Upgrades'],
});

const machine: readonly AnyPanel[] = [
  lines({
    title: 'CPU',
    says: 'Cores used. A process computes on one core at most; one that stays near 1 needs a second process beside it.',
    unit: 'short',
    span: 12,
    levels: { warn: 0.9 },
    queries: [{ expr: sum(of.rate('process_cpu_seconds_total'), ...process), legend }],
  }),
  lines({
    title: 'Memory',
    says: 'Resident memory. Near the limit of the container the process is about to be killed; what was begun is done again after it.',
    unit: 'bytes',
    span: 12,
    queries: [{ expr: sum(of.series('process_resident_memory_bytes'), ...process), legend }],
  }),
  lines({
    title: 'Event loop lag p99',
    says: 'How long work waits for its turn in the process. Above 0.1 s it is short of CPU, or throttled by its limit; in the enforcer look from 0.01 s on.',
    unit: 's',
    span: 12,
    levels: { warn: 0.05, bad: bound.PrecedeProcessShortOfCpu },
    queries: [{ expr: max(of.series('nodejs_eventloop_lag_p99_seconds'), ...process), legend }],
    runbook: ['PrecedeProcessShortOfCpu'],
  }),
  lines({
    title: 'Time in garbage collection',
    says: 'Seconds of collection a second. Above 0.1: the heap is nearly full, or too much is made anew; give the process memory.',
    unit: 'percentunit',
    span: 12,
    levels: { warn: 0.1 },
    queries: [{ expr: sum(of.rate('nodejs_gc_duration_seconds_sum'), ...process), legend }],
  }),
  lines({
    title: 'Longest kind of collection',
    says: 'Mean time of one collection by kind, of the slowest process. major above 1 s: the heap is large, and everything in the process waits for it.',
    unit: 's',
    span: 12,
    levels: { bad: 1 },
    queries: [
      {
        expr: max(
          `${of.rate('nodejs_gc_duration_seconds_sum')} / (${of.rate('nodejs_gc_duration_seconds_count')} > 0)`,
          'kind',
        ),
        legend: '{{kind}}',
      },
    ],
  }),
  lines({
    title: 'Heap',
    says: 'Share of the heap in use. Climbing for days: a leak, tell us.',
    unit: 'percentunit',
    span: 12,
    max: 1,
    queries: [
      {
        expr: max(
          `${of.series('nodejs_heap_size_used_bytes')} / ${of.series('nodejs_heap_size_total_bytes')}`,
          ...process,
        ),
        legend,
      },
    ],
  }),
  lines({
    title: 'Open files',
    says: 'Share of the file descriptors that the process may have: connections of senders and gateways most of all.',
    unit: 'percentunit',
    span: 12,
    max: 1,
    levels: { warn: 0.8 },
    queries: [
      {
        expr: max(`${of.series('process_open_fds')} / ${of.series('process_max_fds')}`, ...process),
        legend,
      },
    ],
  }),
  lines({
    title: 'External memory',
    says: 'Memory outside of the heap: buffers of bodies, typed arrays of counts and windows.',
    unit: 'bytes',
    span: 12,
    queries: [{ expr: sum(of.series('nodejs_external_memory_bytes'), ...process), legend }],
  }),
];

export const runtime = board({
  uid: 'precede-runtime',
  title: 'Precede / Runtime',
  says: 'CPU, memory, event loop and garbage collection of every process, and which release it is.',
  variables: [prometheusVariable(), serviceVariable(), instanceVariable('service=~"$service"')],
  marks: marks(of, 'service=~"$service"'),
  sections: [
    { panels: [processes] },
    { title: 'What they take', panels: machine },
    { title: 'Readiness and bounds', panels: [conditions(of, 12), bounds(of, 12)] },
    { title: 'Releases', panels: [releases] },
  ],
});
