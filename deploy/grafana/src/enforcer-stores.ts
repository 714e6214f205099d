/** What the enforcer remembers: lookbacks of sessions, counts of rate limits, in memory or in valkey. */
import { grid } from './kit/grid.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import { yesNo } from './kit/mappings.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, type Selecting, sum, sumOrZero } from './kit/promql.ts';

const inMemory = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Sessions remembered',
    says: 'Lookbacks in memory, by process. Near PRECEDE_ENFORCER_MAX_SESSIONS the oldest are forgotten.',
    unit: 'short',
    span: 8,
    queries: [{ expr: sum(of.series('precede_enforcer_sessions'), 'instance'), legend: '{{instance}}' }],
  }),
  lines({
    title: 'Sessions forgotten for room',
    says: 'live: used within the lookback gap, so an allow rule may now deny a client that did everything right. Raise PRECEDE_ENFORCER_MAX_SESSIONS. idle ones do no harm.',
    unit: 'cps',
    span: 8,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_session_evictions_total'), 'reason', 'segment'),
        legend: '{{reason}} {{segment}}',
      },
    ],
    runbook: ['PrecedeEnforcerSessionsEvicted'],
  }),
  lines({
    title: 'Rate limits',
    says: 'keys: counters in memory. forgotten: keys given up for room, so clients under a limit begin anew; raise PRECEDE_ENFORCER_MAX_RATE_KEYS.',
    unit: 'short',
    span: 8,
    queries: [
      { expr: sum(of.series('precede_enforcer_rate_keys')), legend: 'keys' },
      { expr: sum(of.increase('precede_enforcer_rate_evictions_total')), legend: 'forgotten' },
    ],
    runbook: ['PrecedeEnforcerRateKeysEvicted'],
  }),
  lines({
    title: 'Waiting for a store',
    says: 'Decisions that wait for valkey, by process. Near PRECEDE_ENFORCER_MAX_WAITING the fail mode answers.',
    unit: 'short',
    span: 8,
    queries: [
      { expr: sum(of.series('precede_enforcer_waiting_decisions'), 'instance'), legend: '{{instance}}' },
    ],
  }),
  lines({
    title: 'Sequence cookies',
    says: 'Where the lookback travels in a cookie. forged: somebody tries, clocks of enforcers differ by a minute, or a key was changed under its id. foreign after a rollout: a key was dropped within its hour.',
    unit: 'reqps',
    span: 8,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_sequence_cookies_total'), 'outcome'),
        legend: '{{outcome}}',
      },
    ],
    colors: { ok: 'green', forged: 'red' },
  }),
  lines({
    title: 'Loads of token keys',
    says: 'Requests for the keys that tokens are verified with. Anything but loaded for an hour: keys known are used for a day.',
    unit: 'cps',
    span: 8,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_token_keys_load_seconds_count'), 'outcome'),
        legend: '{{outcome}}',
      },
    ],
    colors: { loaded: 'green' },
    runbook: ['PrecedeTokenKeysFailing'],
  }),
];

const valkey = (of: Selecting): readonly AnyPanel[] => [
  grid({
    title: 'Valkey, by process',
    says: 'Connected is 0 also where no valkey is used. Where one is used and it is 0 for more than some seconds: valkey is away, and its requests get the fail mode of their zone.',
    unit: 'short',
    span: 8,
    rows: [{ label: 'instance', title: 'Instance' }],
    columns: [
      {
        title: 'Connected',
        expr: max(of.series('precede_enforcer_valkey_connected'), 'instance'),
        mappings: yesNo('green', 'text'),
      },
    ],
  }),
  lines({
    title: 'Valkey calls: p99 and failures',
    says: 'Time of a call by kind; near PRECEDE_ENFORCER_VALKEY_TIMEOUT the fail mode is about to answer. The failures have a panel of their own right of this.',
    unit: 's',
    span: 8,
    queries: [
      {
        expr: of.quantile(0.99, 'precede_enforcer_valkey_seconds', ['call']),
        legend: 'p99 {{call}}',
      },
    ],
  }),
  lines({
    title: 'Valkey calls that failed',
    says: 'away: no connection; timeout: PRECEDE_ENFORCER_VALKEY_TIMEOUT; refused: valkey answered with an error, the log has it. These requests got the fail mode of their zone.',
    unit: 'cps',
    span: 8,
    levels: { bad: 0.000001 },
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_valkey_failures_total'), 'reason'),
        legend: '{{reason}}',
      },
    ],
    runbook: ['PrecedeValkeyFailing'],
  }),
  heatmap({
    title: 'Time of valkey calls, spread',
    says: 'How many calls took how long, failed ones included.',
    unit: 's',
    span: 24,
    expr: of.buckets('precede_enforcer_valkey_seconds'),
  }),
];

export const stores = (of: Selecting): readonly AnyPanel[] => [...inMemory(of), ...valkey(of)];
