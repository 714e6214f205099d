/** Of any service: whether it is ready, and how full its bounds are. */
import { bound } from '../kit/alerts.ts';
import { lines } from '../kit/lines.ts';
import { yesNo } from '../kit/mappings.ts';
import type { AnyPanel } from '../kit/panel.ts';
import { max, min, type Selecting } from '../kit/promql.ts';
import { states } from '../kit/states.ts';

export const conditions = (of: Selecting, span: number): AnyPanel =>
  states({
    title: 'Conditions of readiness',
    says: 'What each process says in /readyz, over time: red where a condition does not hold. The table in the runbook says what each waits for; draining is red while a process ends, as it should.',
    unit: 'short',
    span,
    queries: [
      {
        expr: min(of.series('precede_condition_ok'), 'instance', 'condition'),
        legend: '{{instance}} {{condition}}',
      },
    ],
    mappings: yesNo('green', 'red'),
    runbook: ['Readiness'],
  });

export const bounds = (of: Selecting, span: number): AnyPanel =>
  lines({
    title: 'How full the bounds are',
    says: 'Share of each bound that is in use, of the fullest process and partition. From 0.9 on look what happens at 1: docs/configuration.md says it beside the bound. Sessions, rate keys and remembered sessions may be full in good health; what they forget is counted.',
    unit: 'percentunit',
    span,
    max: 1,
    levels: { bad: bound.PrecedeBoundNearlyFull },
    queries: [
      {
        expr: max(`${of.series('precede_budget_used')} / ${of.series('precede_budget_limit')}`, 'budget'),
        legend: '{{budget}}',
      },
    ],
    runbook: ['PrecedeBoundNearlyFull'],
  });

export const standing = (of: Selecting): readonly AnyPanel[] => [conditions(of, 12), bounds(of, 12)];
