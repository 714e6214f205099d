/** Metrics that the live system of the test does not move, and why. What moves after all must leave the list. */
export const still: ReadonlyMap<string, string> = new Map([
  ['precede_log_request_seconds', 'the embedded log has no brokers'],
  ['precede_enforcer_snapshots_refused_total', 'control refuses rules that do not compile'],
  ['precede_enforcer_sequence_cookies_total', 'lookbacks are in valkey'],
  ['precede_enforcer_token_keys_load_seconds', 'the keys are given, not loaded'],
  ['precede_ingest_token_keys_load_seconds', 'the keys are given, not loaded'],
]);
