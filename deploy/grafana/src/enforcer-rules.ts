/** On which rules each enforcer decides, and what it does where it cannot. */
import { grid } from './kit/grid.ts';
import { lines } from './kit/lines.ts';
import { words, yesNo } from './kit/mappings.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, orZero, type Selecting, sum, sumOrZero } from './kit/promql.ts';
import { following } from './parts/log.ts';

const perInstance = (of: Selecting): AnyPanel => {
  const digest = of.series('precede_enforcer_rules_digest');
  const failMode = (mode: string): string => of.series('precede_enforcer_fail_mode', `mode="${mode}"`);
  return grid({
    title: 'Each enforcer',
    says: 'One row a process. Not the same rules as most, for more than some seconds after a change: it decides on other rules than its neighbours, and the columns beside it say why: it does not follow the configuration, has read less of it, or has refused the newest revision of a zone. Age is the time since a change last came into force; larger than since your last change: the change has not arrived. Log only and fail mode are settings, and the same everywhere unless you roll out.',
    unit: 'short',
    span: 24,
    height: 7,
    rows: [{ label: 'instance', title: 'Instance' }],
    columns: [
      {
        title: 'Follows the configuration',
        expr: max(of.series('precede_enforcer_config_following'), 'instance'),
        mappings: yesNo('green', 'red'),
        levels: { bad: 1, below: true },
      },
      {
        title: 'Zones',
        expr: max(of.series('precede_enforcer_zones'), 'instance'),
        levels: { bad: 1, below: true },
      },
      {
        title: 'Zones on an older revision',
        expr: max(of.series('precede_enforcer_zones_refused'), 'instance'),
        levels: { bad: 1 },
      },
      {
        title: 'Same rules as most',
        expr: `${max(digest, 'instance')} == bool scalar(quantile(0.5, ${digest}))`,
        mappings: yesNo('green', 'red'),
        levels: { bad: 1, below: true },
      },
      {
        title: 'Configuration read up to',
        expr: max(of.series('precede_log_followed_offset'), 'instance'),
        unit: 'none',
      },
      {
        title: 'Last change in force',
        expr: max(of.series('precede_enforcer_snapshot_age_seconds'), 'instance'),
        unit: 's',
      },
      {
        title: 'Log only',
        expr: max(of.series('precede_enforcer_log_only'), 'instance'),
        mappings: yesNo('orange', 'green'),
        levels: { warn: 1 },
      },
      {
        title: 'Fail mode',
        expr: sum(`0 * ${failMode('error')} or ${failMode('open')} or 2 * ${failMode('closed')}`, 'instance'),
        mappings: words('error', 'open', 'closed'),
      },
      { title: 'Sessions', expr: max(of.series('precede_enforcer_sessions'), 'instance') },
    ],
    runbook: [
      'PrecedeEnforcerRulesDiffer',
      'PrecedeEnforcerRulesRefused',
      'PrecedeEnforcerNoRules',
      'PrecedeEnforcerLogOnly',
    ],
  });
};

export const rules = (of: Selecting): readonly AnyPanel[] => [
  perInstance(of),
  lines({
    title: 'Snapshots refused, records unreadable',
    says: 'A snapshot that does not compile is refused and the last good one stays. unreadable: somebody else writes to config.v1.',
    unit: 'cps',
    span: 6,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_snapshots_refused_total'), 'reason'),
        legend: 'refused for {{reason}}',
      },
      {
        expr: orZero(sum(of.rate('precede_enforcer_config_records_total', 'outcome="unreadable"'))),
        legend: 'unreadable',
      },
    ],
    runbook: ['PrecedeEnforcerRulesRefused', 'PrecedeConfigUnreadable'],
  }),
  lines({
    title: 'Changes taken',
    says: 'Records of config.v1 that came into force, by process: all of them take the same.',
    unit: 'cps',
    span: 6,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_config_records_total', 'outcome="applied"'), 'instance'),
        legend: '{{instance}}',
      },
    ],
  }),
  lines({
    title: 'Snapshot files',
    says: 'What became of the last good rules on disk. failed or damaged: the disk; a restart without the log would not find its rules.',
    unit: 'cps',
    span: 6,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_enforcer_snapshot_files_total'), 'outcome'),
        legend: '{{outcome}}',
      },
    ],
    colors: { written: 'green', read: 'blue', damaged: 'red', failed: 'red' },
  }),
  following(of, 6),
];
