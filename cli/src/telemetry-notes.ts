/** For each instrument: the values of its labels and when to worry. Names, types and meanings come from the code. */
import { sharedNotes } from './telemetry-shared-notes.ts';

export interface Note {
  /** Values of each label. */
  readonly labels?: Readonly<Record<string, string>>;
  /** For the person who is paged. */
  readonly watch: string;
}

const quiet = 'For context; no alert.';

/** Where session identifiers of type jwt are read. */
const tokenNotes: Readonly<Record<string, Note>> = {
  tokens_total: {
    labels: {
      outcome:
        '`valid`, `missing`, `malformed`, `expired`, `not_yet_valid`, `bad_signature`, `unknown_key`, `wrong_algorithm`, `wrong_issuer`, `wrong_audience`, `no_claim`, `keys_unavailable`',
    },
    watch:
      '`keys_unavailable`, or `unknown_key` for minutes: the address of the keys is wrong or away. `wrong_*`, `no_claim`: the token configuration does not fit the tokens. `expired` grows with senders that lag behind their own times.',
  },
  token_keys_load_seconds: {
    labels: {
      outcome: '`loaded`, `unreachable`, `timeout`, `status`, `redirect`, `too_large`, `not_a_key_set`',
    },
    watch:
      'Anything but `loaded` for an hour: the keys known are used for a day, then no token verifies. The log names the address.',
  },
};

const ingest: Readonly<Record<string, Note>> = {
  bodies_total: {
    labels: { outcome: '`accepted`, `refused`, `invalid`, `busy`, `unavailable`, `other_origin`' },
    watch:
      '`other_origin`: a sender goes on beside the enforcer, which feeds this zone; nothing is lost, switch it off. `unavailable` above 0 for a minute: the log does not acknowledge. `busy`: senders outrun the bound of bytes in flight. `invalid` or `refused`: a sender is set up wrongly.',
  },
  events_total: {
    labels: { outcome: '`sequenced`, `without_session`, `unmatched`' },
    watch:
      'A growing share of `without_session` or `unmatched` is a configuration that no longer fits the API. No increase at all while there is traffic: the senders have stopped.',
  },
  refused_events_total: {
    labels: { code: 'the refusals of one event in [errors.md](errors.md)' },
    watch: 'Any steady rate: refused events are lost to the scores. The answer to the sender names each.',
  },
  clamped_times_total: { watch: 'A steady rate: the clock of a sender is ahead.' },
  unsampled_events_total: {
    watch: 'Grows with unmatched traffic; the limit is `PRECEDE_INGEST_UNMATCHED_PER_SECOND`.',
  },
  received_bytes_total: { watch: quiet },
  in_flight_bytes: {
    watch:
      'Near `PRECEDE_INGEST_MAX_IN_FLIGHT`: senders are about to get 429. Add a process, or look at the log.',
  },
  publish_seconds: { watch: 'p99 above 1 s: the log is slow. Senders wait for this long.' },
  requests_total: {
    labels: { method: 'HTTP method', status: '`2xx`, `4xx`, `5xx`' },
    watch: '`5xx` above one in a thousand: the log does not take events; senders keep and repeat them.',
  },
  request_duration_seconds: {
    labels: { method: 'HTTP method' },
    watch: 'p99 above 3 s: the log is slow, or the process is short of CPU.',
  },
  ...tokenNotes,
  zones: { watch: '0 on an instance that has zones: the configuration has not been read.' },
  config_faults_total: {
    watch:
      'Any increase: the log or the schema registry is away, somebody else writes to `config.v1`, or a session identifier names no usable token configuration (the log says which).',
  },
};

const sessionizer: Readonly<Record<string, Note>> = {
  requests_total: { watch: 'Should follow `precede_ingest_events_total{outcome="sequenced"}`.' },
  sequences_total: { watch: 'Should follow the requests, some seconds (the grace) later.' },
  closed_windows_total: {
    labels: { ended: '`gap`, `source_ended`, `bound`' },
    watch:
      '`bound` above 0: more open windows than `PRECEDE_SESSIONIZER_MAX_WINDOWS` or `_MAX_BYTES`; sessions are cut short.',
  },
  refused_requests_total: {
    labels: { reason: '`late`, `window_closed`, `source_ended`' },
    watch:
      'More than a few in a thousand: requests arrive further out of order than the grace. They are in `dead-letters.v1`.',
  },
  repeated_requests_total: {
    watch: 'Senders that try again; a high rate says that their first try timed out.',
  },
  unreadable_records_total: {
    watch: 'Any increase: something else writes to `requests.v1`, or a version mismatch.',
  },
  early_releases_total: {
    watch: 'Any increase: `PRECEDE_SESSIONIZER_MAX_HELD` is too small for the rate and the grace.',
  },
  early_forgotten_total: {
    watch:
      'Any increase: `PRECEDE_SESSIONIZER_MAX_REMEMBERED`, `_MAX_BYTES` or `_MAX_SOURCES` is too small; late requests are judged more strictly.',
  },
  config_faults_total: {
    watch: 'Any increase: the log or the schema registry is away, or somebody else writes to `config.v1`.',
  },
  failures_total: {
    watch: 'More than a few a minute outside of a rollout: the log line beside it says why.',
  },
  aborted_steps_total: {
    watch: 'For more than 10 minutes: two groups with one prefix, or Kafka takes no commits.',
  },
  rebalances_total: { watch: 'Often outside of a rollout: members come and go, killed or paused.' },
  step_seconds: { watch: 'p99 above 1 s: the process is short of CPU.' },
  commit_seconds: { watch: 'p99 above 1 s: brokers are slow; sequences come late by as much.' },
  restoring_partitions: { watch: 'Above 0 for 5 minutes: their input waits; the log has the progress.' },
  restored_records_total: { watch: quiet },
  changelog_bases_total: { watch: quiet },
  restore_seconds: {
    watch: 'How long a restart keeps a partition waiting; above 60 s give the windows more processes.',
  },
  open_windows: { watch: 'Near the number of partitions × `PRECEDE_SESSIONIZER_MAX_WINDOWS`.' },
  held_requests: { watch: 'Near the number of partitions × `PRECEDE_SESSIONIZER_MAX_HELD`.' },
  remembered_sessions: { watch: 'Near the number of partitions × `PRECEDE_SESSIONIZER_MAX_REMEMBERED`.' },
  state_bytes: { watch: 'An estimate: near the memory limit of the process, add processes.' },
  watermark_lag_seconds: {
    watch:
      'Far above the grace for minutes: live traffic comes late, or the sessionizer is behind. Compare with the lag of group `precede.sessionizer`.',
  },
};

const scorer: Readonly<Record<string, Note>> = {
  sequences_total: {
    labels: { outcome: '`counted`, `too_old`, `unreadable`' },
    watch:
      '`too_old` rises with an old log imported without `--shift-to-now`: it is not in the scores. `unreadable`: any increase.',
  },
  rows_total: { labels: { table: 'name of the table' }, watch: quiet },
  held_sequences: {
    labels: { partition: 'number of the partition' },
    watch: 'Branches of the open epochs. It falls to 0 with each new hour.',
  },
  held_bytes: {
    labels: { partition: 'number of the partition' },
    watch:
      'Bounded by `PRECEDE_SCORER_ZONE_MEMORY` a zone and `PRECEDE_SCORER_MEMORY` a partition; near them rare sequences are given up.',
  },
  zone_bytes: {
    watch:
      'Memory of the ranker: `PRECEDE_SCORER_WINDOW_MEMORY` a zone at most, and for a moment a third more while an hour is read.',
  },
  dropped_sequences: {
    watch:
      'Above 0: a zone is beyond its budget, by a scanner or by its size. Scores carry what they may be short of (`undercount`); raise `PRECEDE_SCORER_WINDOW_MEMORY` or `PRECEDE_SCORER_ZONE_MEMORY` to have them exact.',
  },
  flush_seconds: { watch: 'p99 above 5 s: ClickHouse is slow; scores get old.' },
  epochs_total: { watch: 'No increase for two hours while there is traffic: the offset does not move.' },
  clickhouse_retries_total: { watch: 'Rises while ClickHouse is away; nothing is lost, scores get old.' },
  snapshots_total: {
    labels: { outcome: '`ranked`, `advanced`, `failed`' },
    watch: '`failed` for more than a minute, or no `ranked` while there is traffic: scores get old.',
  },
  rank_seconds: { watch: 'p99 above 10 s: a zone with very many sequences, or a slow ClickHouse.' },
  cut_sequences_total: {
    watch: 'Any increase: scores are approximate (`is_exact` false); raise `PRECEDE_SCORER_RANK_MAX_ROWS`.',
  },
  archived_records_total: {
    labels: {
      topic: '`sessions.v1`, `decisions.v1`, `audit.v1`, `requests.v1`',
      outcome: '`stored`, `unreadable`',
    },
    watch: '`unreadable`: any increase.',
  },
  score_age_seconds: {
    watch:
      'Above 300: scores of a zone with traffic are old. Up to 70 is normal, as a large zone rests between scorings.',
  },
  rescored_sessions_total: {
    watch: 'Rises with imports and new zones. In live traffic of a known zone it stands still.',
  },
  config_records_total: {
    labels: { outcome: '`stored`, `ignored`, `unreadable`' },
    watch: '`unreadable`: any increase. Names in the views of ClickHouse may be missing.',
  },
};

/** Why a record that the enforcer writes behind its answers is not written. */
const publisherLabels = { reason: '`full`, `closed`, `shutdown`, `refused`, `unreadable`' };

const enforcer: Readonly<Record<string, Note>> = {
  decisions_total: {
    labels: {
      verdict: '`allow`, `block`, `log`',
      rule: 'phase of the rule, `apiShieldSequenceMitigation`, `none`',
      action: '`log`, `block`, `limit`, `redirect`, `skip`, `rewrite`, `none`',
    },
    watch:
      'A jump of the share of `block`: a new rule, a client release, or lost lookbacks (see `session_evictions_total`). Set rules to `log` first.',
  },
  decision_seconds: {
    watch: 'p99 above 1 ms: the process is short of CPU. The gateway waits for this and HTTP.',
  },
  requests_total: {
    labels: { kind: '`sequenced`, `unmatched`, `no_session`' },
    watch: 'A growing share of `no_session`: the gateway no longer passes the cookie or header on.',
  },
  failed_decisions_total: {
    labels: {
      cause: '`unknown_zone`, `not_ready`, `deadline`, `overloaded`, `store`',
      mode: '`error`, `open`, `closed`',
    },
    watch: 'Any steady rate. With `open` requests pass unchecked, with `closed` customers are refused.',
  },
  gateway_requests_total: {
    labels: {
      interface: '`decide`, `ext_authz_grpc`, `ext_authz_http`, `auth_request`, `forward_auth`',
      outcome: '`allow`, `deny`, `fault`, `refused`',
    },
    watch:
      'Any steady rate of `fault`: the gateway lets pass or refuses by its own setting. The body of the answer says why. `refused`: a gateway is set up wrongly.',
  },
  gateway_request_seconds: {
    labels: { interface: '`decide`, `ext_authz_grpc`, `ext_authz_http`, `auth_request`, `forward_auth`' },
    watch:
      'p99 above 25 ms: clients wait for it at every request. Near `PRECEDE_ENFORCER_DEADLINE` the fail mode answers.',
  },
  rules_digest: {
    watch:
      'Differs between enforcers for minutes: they do not run the same rules. `zones_refused` and `precede_log_contact_age_seconds` say why.',
  },
  fail_mode: {
    labels: { mode: '`error`, `open`, `closed`' },
    watch: 'Another mode than the one you chose.',
  },
  log_only: { watch: '1 longer than intended: nothing is denied.' },
  zones: { watch: '0: no configuration; every request gets the fail mode.' },
  zones_refused: { watch: 'Above 0: a zone runs on an older revision; the log line has its faults.' },
  snapshots_refused_total: {
    labels: { reason: '`rules`, `operations`, `expressions`' },
    watch: 'Any increase: see `zones_refused`.',
  },
  config_following: {
    watch:
      '0 for more than a few minutes after the start: changes of rules do not arrive; old ones go on working.',
  },
  config_records_total: {
    labels: { outcome: '`applied`, `unreadable`' },
    watch: '`unreadable`: any increase.',
  },
  snapshot_files_total: {
    labels: { outcome: '`read`, `written`, `damaged`, `failed`' },
    watch: '`failed` or `damaged`: the disk; a restart without the log would not find its snapshot.',
  },
  session_evictions_total: {
    labels: { reason: '`live`, `idle`', segment: '`probation` (admitted once), `established`' },
    watch:
      '`live` above 0: raise `PRECEDE_ENFORCER_MAX_SESSIONS`; an allow rule may deny a client that did everything right.',
  },
  sequence_cookies_total: {
    labels: { outcome: '`ok`, `none`, `malformed`, `forged`, `expired`, `foreign`, `oversized`' },
    watch:
      '`forged` above 0: somebody tries, the clocks of enforcers differ by more than a minute, or a key was changed under its id. `foreign` after a deployment: a key was dropped within its hour.',
  },
  rate_evictions_total: {
    watch: 'Any increase: clients under a limit begin anew; raise `PRECEDE_ENFORCER_MAX_RATE_KEYS`.',
  },
  valkey_seconds: {
    labels: { call: '`read`, `admit`, `hit`' },
    watch: 'p99 near `PRECEDE_ENFORCER_VALKEY_TIMEOUT`: the fail mode is about to answer.',
  },
  valkey_failures_total: {
    labels: { reason: '`away`, `timeout`, `refused`' },
    watch:
      'Any steady rate: these requests got the fail mode of their zone. `refused`: valkey answered with an error, the log line has it.',
  },
  valkey_connected: { watch: '0 for more than some seconds where valkey is used.' },
  rate_keys: { watch: 'Near `PRECEDE_ENFORCER_MAX_RATE_KEYS`.' },
  ...tokenNotes,
  publish_queue_records: {
    watch: 'Near `PRECEDE_ENFORCER_PUBLISH_QUEUE`: decisions are about to be dropped from the record.',
  },
  decisions_published_total: { watch: quiet },
  decisions_dropped_total: {
    labels: publisherLabels,
    watch: 'Any increase: the record of decisions has gaps. The decisions themselves were made.',
  },
  waiting_decisions: {
    watch: 'Near `PRECEDE_ENFORCER_MAX_WAITING`: the session store is slow; beyond it the fail mode answers.',
  },
  feed_queue_records: {
    watch: 'Near `PRECEDE_ENFORCER_FEED_QUEUE`: requests are about to be missing from the scores.',
  },
  requests_published_total: { watch: quiet },
  requests_dropped_total: {
    labels: publisherLabels,
    watch: 'Any increase: sequences of zones with this origin are counted too low.',
  },
  snapshot_age_seconds: {
    watch: 'Larger than the time since the last change you made: the change has not arrived.',
  },
  sessions: { watch: 'Near `PRECEDE_ENFORCER_MAX_SESSIONS`.' },
};

const control: Readonly<Record<string, Note>> = {
  requests_total: {
    labels: { method: 'HTTP method', status: '`2xx`, `4xx`, `5xx`' },
    watch: '`5xx`: the log or ClickHouse is away. Many `4xx`: a client with a wrong token or body.',
  },
  request_duration_seconds: {
    labels: { method: 'HTTP method' },
    watch: 'p99 of GET above 5 s: ClickHouse is slow.',
  },
  writes_total: {
    labels: { outcome: '`written`, `refused`, `unavailable`, `busy`, `fenced`' },
    watch: '`unavailable`: the log. `fenced`: two controls run; the older one ends.',
  },
  write_duration_seconds: { watch: 'p99 above 5 s: the log is slow.' },
  waiting_writes: { watch: 'Above 10 for minutes: a script writes one by one what fits in one body.' },
  recoveries_total: {
    watch: 'Each follows a write with unknown outcome; several an hour: the log is unstable.',
  },
  config_records_total: {
    labels: { outcome: '`applied`, `unreadable`' },
    watch: '`unreadable`: any increase; somebody else writes to `config.v1`.',
  },
  zones: { watch: '0 on an instance that has zones: do not write, look at `config.v1` first.' },
};

export const notes: Readonly<Record<string, Readonly<Record<string, Note>>>> = {
  ...sharedNotes,
  ingest,
  sessionizer,
  scorer,
  enforcer,
  control,
};
