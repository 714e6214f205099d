import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { clickhouseFields, clickhouseOptions, retentionFields, retentionOptions } from './common-config.ts';
import { loadConfig } from './config.ts';

const url = { PRECEDE_CLICKHOUSE_URL: 'http://clickhouse:8123' };
const DAY = 86_400_000;

test('rows stay as the tables are made, unless told otherwise', () => {
  const defaults = retentionOptions(loadConfig(retentionFields, {}));
  const told = retentionOptions(loadConfig(retentionFields, { PRECEDE_CLICKHOUSE_KEEP_DECISIONS: '90d' }));

  assert.deepEqual(defaults, {
    countsMs: 3 * DAY,
    scoresMs: 7 * DAY,
    sessionsMs: 30 * DAY,
    decisionsMs: 30 * DAY,
    requestsMs: 7 * DAY,
  });
  assert.deepEqual(told, { ...defaults, decisionsMs: 90 * DAY });
});

test('what the scorer reads back must stay for three days', () => {
  const load = () => loadConfig(retentionFields, { PRECEDE_CLICKHOUSE_KEEP_COUNTS: '2d' });

  assert.throws(load, (error) => error instanceof ConfigError && /at least 3d.*"2d"/.test(error.message));
});

test('a cluster is one server unless it is named, and its name is a plain one', () => {
  const one = clickhouseOptions(loadConfig(clickhouseFields, url));
  const many = clickhouseOptions(
    loadConfig(clickhouseFields, {
      ...url,
      PRECEDE_CLICKHOUSE_CLUSTER: 'main',
      PRECEDE_CLICKHOUSE_INSERT_QUORUM: '3',
    }),
  );
  const strange = { ...url, PRECEDE_CLICKHOUSE_CLUSTER: 'a`b', PRECEDE_CLICKHOUSE_INSERT_QUORUM: 'most' };

  assert.deepEqual([one.cluster, one.insertQuorum, one.requestTimeoutMs], ['', 'auto', 30_000]);
  assert.deepEqual([many.cluster, many.insertQuorum, many.requestTimeoutMs], ['main', '3', 200_000]);
  assert.throws(
    () => loadConfig(clickhouseFields, strange),
    (error) => error instanceof ConfigError && error.faults.length === 2,
  );
});
