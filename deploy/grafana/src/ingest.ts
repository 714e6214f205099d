/** Ingest: do events come in, what becomes of them, how long do senders wait. */
import { bound } from './kit/alerts.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, type Selecting, share, sum, sumOrZero } from './kit/promql.ts';
import { processesUp, serviceBoard } from './kit/service-board.ts';
import { calls, following, records } from './parts/log.ts';
import { answers, failedShare } from './parts/requests.ts';
import { standing } from './parts/standing.ts';

const now = (of: Selecting): readonly AnyPanel[] => [
  processesUp(of, 'ingest'),
  number({
    title: 'Events accepted',
    says: 'Events a second that the log has acknowledged. 0 while the API has traffic: the senders have stopped, or cannot reach ingest.',
    unit: 'cps',
    span: 4,
    expr: sum(of.rate('precede_ingest_events_total')),
  }),
  number({
    title: 'Senders told to wait',
    says: 'Share of bodies answered with 429 (busy) or 503 (unavailable). Nothing is lost, senders try again, but they fill up: unavailable is the log, busy is too few processes or a slow log.',
    unit: 'percentunit',
    span: 4,
    expr: share(
      sum(of.rate('precede_ingest_bodies_total', 'outcome=~"busy|unavailable"')),
      sum(of.rate('precede_ingest_bodies_total')),
    ),
    levels: { warn: 0.01, bad: bound.PrecedeIngestBusy },
    runbook: ['PrecedeIngestBusy'],
  }),
  number({
    title: 'Events refused',
    says: 'Share of events refused for a fault of their own. They are lost to the scores; the panel below says why.',
    unit: 'percentunit',
    span: 4,
    expr: share(
      sum(of.rate('precede_ingest_refused_events_total')),
      `(${sum(of.rate('precede_ingest_refused_events_total'))} + ${sum(of.rate('precede_ingest_events_total'))})`,
    ),
    levels: { bad: bound.PrecedeIngestEventsRefused },
    runbook: ['PrecedeIngestEventsRefused'],
  }),
  number({
    title: 'Publish p99',
    says: 'Of hundred bodies the slowest one waited this long for the log, and its sender with it. Above 1 s: brokers (disk, replication, min.insync.replicas).',
    unit: 's',
    span: 4,
    expr: of.quantile(0.99, 'precede_ingest_publish_seconds'),
    levels: { warn: 0.25, bad: 1 },
    runbook: ['PrecedeKafkaAway'],
  }),
  number({
    title: 'Answers 5xx',
    says: 'Share of answers that are our fault. Above one in a thousand the log does not take events; senders keep them and send them again.',
    unit: 'percentunit',
    span: 4,
    expr: failedShare(of, 'ingest'),
    levels: { warn: bound.PrecedeIngestErrorsSlow, bad: bound.PrecedeIngestErrorsFast },
    runbook: ['PrecedeIngestErrorsFast', 'PrecedeIngestErrorsSlow'],
  }),
];

const traffic = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Bodies by outcome',
    says: 'Requests of senders a second. accepted is well; refused: every event of the body had a fault; invalid: not our format; busy: 429; unavailable: 503; other_origin: the zone is fed by the enforcer, switch the sender off.',
    unit: 'reqps',
    span: 12,
    stacked: true,
    queries: [{ expr: sum(of.rate('precede_ingest_bodies_total'), 'outcome'), legend: '{{outcome}}' }],
    colors: { accepted: 'green', busy: 'orange', unavailable: 'red', refused: 'purple', invalid: 'yellow' },
    runbook: ['PrecedeIngestBusy'],
  }),
  lines({
    title: 'Events by outcome',
    says: 'Events a second: sequenced go on to the sessionizer. A growing share of without_session or unmatched is a configuration that no longer fits the API: its session identifiers, or its saved operations.',
    unit: 'cps',
    span: 12,
    stacked: true,
    queries: [{ expr: sum(of.rate('precede_ingest_events_total'), 'outcome'), legend: '{{outcome}}' }],
    colors: { sequenced: 'green', without_session: 'orange', unmatched: 'purple' },
  }),
  lines({
    title: 'Events by process',
    says: 'Events a second of each process. Very unequal: senders keep their connections to one; balance requests, not connections.',
    unit: 'cps',
    span: 12,
    queries: [{ expr: sum(of.rate('precede_ingest_events_total'), 'instance'), legend: '{{instance}}' }],
  }),
  lines({
    title: 'Bytes received',
    says: 'Bytes of bodies a second as they were sent. For sizing; no alert.',
    unit: 'Bps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_ingest_received_bytes_total'), 'instance'), legend: '{{instance}}' },
    ],
  }),
];

const faults = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Refused events by fault',
    says: 'Events refused one by one; docs/errors.md says what each code means, and the answer to the sender names each event. Any steady rate is a sender that is set up wrongly.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sumOrZero(of.rate('precede_ingest_refused_events_total'), 'code'), legend: '{{code}}' },
    ],
    runbook: ['PrecedeIngestEventsRefused'],
  }),
  lines({
    title: 'Clocks ahead, unsampled, configuration',
    says: 'clamped: events whose time lay up to 5 minutes ahead and was set to now, so a clock of a sender is wrong. unsampled: unmatched events above PRECEDE_INGEST_UNMATCHED_PER_SECOND, counted and not kept. configuration faults: the log or the registry is away, or a token configuration cannot be used; the log line says which.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_ingest_clamped_times_total')), legend: 'clamped' },
      { expr: sum(of.rate('precede_ingest_unsampled_events_total')), legend: 'unsampled' },
      { expr: sum(of.rate('precede_ingest_config_faults_total')), legend: 'configuration faults' },
    ],
  }),
];

const log = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Time until the log has it',
    says: 'How long a body waits for the acknowledgement of the log. p50 up: the log is slow for all. p99 alone up: one partition or broker.',
    unit: 's',
    span: 8,
    levels: { bad: 1 },
    queries: [0.5, 0.95, 0.99].map((q) => ({
      expr: of.quantile(q, 'precede_ingest_publish_seconds'),
      legend: `p${q * 100}`,
    })),
    runbook: ['PrecedeKafkaAway'],
  }),
  heatmap({
    title: 'Time until the log has it, spread',
    says: 'How many bodies waited how long. A second band above the first is a broker that is slower than the others.',
    unit: 's',
    span: 8,
    expr: of.buckets('precede_ingest_publish_seconds'),
  }),
  lines({
    title: 'Bytes in flight',
    says: 'Bytes of bodies held now, by process. Near PRECEDE_INGEST_MAX_IN_FLIGHT senders are about to get 429: add a process, or look at the log.',
    unit: 'bytes',
    span: 8,
    queries: [{ expr: sum(of.series('precede_ingest_in_flight_bytes'), 'instance'), legend: '{{instance}}' }],
  }),
];

const face = {
  service: 'ingest',
  says: '5xx: the log does not take events, senders keep them. 4xx: bodies that are refused, unknown zones, missing tokens, and 429 where senders outrun the bound of bytes in flight.',
  slow: 3,
  slowSays: 'By method. Above 3 s: the log is slow, or the process is short of CPU. Senders wait for it.',
} as const;

const configuration = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Zones known',
    says: 'By process, the same everywhere. 0 on an instance that has zones: its configuration has not been read, and its senders get 503.',
    unit: 'short',
    span: 12,
    queries: [{ expr: max(of.series('precede_ingest_zones'), 'instance'), legend: '{{instance}}' }],
    runbook: ['Readiness'],
  }),
  following(of, 12),
];

const tokens = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Tokens by outcome',
    says: 'Where a session identifier is a token. unknown_key or keys_unavailable for minutes: the address of the keys is wrong or away. wrong_*, no_claim: the token configuration does not fit the tokens.',
    unit: 'cps',
    span: 12,
    stacked: true,
    queries: [{ expr: sumOrZero(of.rate('precede_ingest_tokens_total'), 'outcome'), legend: '{{outcome}}' }],
    colors: { valid: 'green' },
  }),
  lines({
    title: 'Loads of keys by outcome',
    says: 'Requests for the keys that tokens are verified with. Anything but loaded for an hour: the keys known are used for a day, then no token verifies. The log names the address.',
    unit: 'cps',
    span: 12,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_ingest_token_keys_load_seconds_count'), 'outcome'),
        legend: '{{outcome}}',
      },
    ],
    colors: { loaded: 'green' },
    runbook: ['PrecedeTokenKeysFailing'],
  }),
];

export const ingest = serviceBoard({
  service: 'ingest',
  title: 'Ingest',
  says: 'Events on their way into the log: how many, what becomes of them, how long their senders wait.',
  sections: (of) => [
    { panels: now(of) },
    { title: 'Traffic', panels: traffic(of) },
    { title: 'Faults', panels: faults(of) },
    { title: 'The API', panels: answers(of, face) },
    { title: 'The log', panels: [...log(of), ...calls(of), records(of, 24)] },
    { title: 'Readiness and bounds', panels: standing(of) },
    { title: 'Configuration and tokens', panels: [...configuration(of), ...tokens(of)] },
  ],
});
