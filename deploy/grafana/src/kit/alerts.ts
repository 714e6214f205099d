/**
 * Bounds of the alerts that watch a number which a panel shows, so that red on the panel is where the alert begins. The alerts
 * stand in deploy/helm/precede/files/alerts.yaml; a test compares.
 */
export const bound = {
  PrecedeBoundNearlyFull: 0.9,
  PrecedeConfigStale: 300,
  PrecedeControlErrors: 0.05,
  PrecedeEnforcerErrorsFast: 0.0144,
  PrecedeEnforcerErrorsSlow: 0.006,
  PrecedeEnforcerRulesStale: 300,
  PrecedeEnforcerSlow: 0.025,
  PrecedeIngestBusy: 0.05,
  PrecedeIngestErrorsFast: 0.0144,
  PrecedeIngestErrorsSlow: 0.006,
  PrecedeIngestEventsRefused: 0.01,
  PrecedePipelineStuck: 300,
  PrecedeProcessShortOfCpu: 0.25,
  PrecedeScoresLate: 300,
  PrecedeScoresOld: 1800,
  PrecedeSessionizerCommitsSlow: 1,
  PrecedeSessionizerRequestsLate: 0.01,
  PrecedeSessionizerWatermarkLate: 60,
} as const;
