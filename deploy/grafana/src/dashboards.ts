/** All dashboards, in the order a reader goes through them. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { analytics } from './analytics/analytics.ts';
import { control } from './control.ts';
import { enforcer } from './enforcer.ts';
import { ingest } from './ingest.ts';
import { overview } from './overview.ts';
import { runtime } from './runtime.ts';
import { scorer } from './scorer.ts';
import { sessionizer } from './sessionizer.ts';

export const dashboards: readonly Dashboard[] = [
  overview,
  ingest,
  sessionizer,
  scorer,
  enforcer,
  control,
  runtime,
  analytics,
];
