import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { checkShards } from './cluster-check.ts';

const shard = (replicas: number, isReplicatedByTables: number) => ({
  shard: 1,
  replicas,
  isReplicatedByTables,
});

test('shards of one replica, or replicated by their tables, are right', () => {
  assert.doesNotThrow(() => checkShards('main', [shard(1, 0), shard(2, 1)]));
});

test('a cluster nobody knows, and one whose replicas would be written one by one, are refused', () => {
  const cases = [
    [[], /main is not in system\.clusters/],
    [[shard(2, 0)], /shard 1 needs <internal_replication>/],
  ] as const;

  for (const [shards, reason] of cases)
    assert.throws(
      () => checkShards('main', shards),
      (error) => error instanceof ConfigError && reason.test(error.message),
    );
});
