/** Refuses a cluster on which the layout would not hold, before anything is made on it. */
import { ConfigError } from '@precede/contracts';

export interface Shard {
  readonly shard: number;
  readonly replicas: number;
  readonly isReplicatedByTables: number;
}

export const SHARDS = `SELECT shard_num AS shard, count() AS replicas, min(internal_replication) AS isReplicatedByTables
  FROM system.clusters WHERE cluster = {cluster:String} GROUP BY shard_num ORDER BY shard_num`;

/** Throws ConfigError when the server does not know the cluster, or a Distributed table would write each replica itself. */
export function checkShards(cluster: string, shards: readonly Shard[]): void {
  const name = `PRECEDE_CLICKHOUSE_CLUSTER: ${cluster}`;
  if (shards.length === 0) throw new ConfigError([`${name} is not in system.clusters of the server`]);
  const faults = shards
    .filter(({ replicas, isReplicatedByTables }) => replicas > 1 && isReplicatedByTables === 0)
    .map(({ shard }) => `${name}: shard ${shard} needs <internal_replication>true</internal_replication>`);
  if (faults.length > 0) throw new ConfigError(faults);
}
