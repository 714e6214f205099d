/**
 * The lock under which migrations run: a table whose creation is atomic, its comment naming the owner and its modification
 * time (the server's clock) the last sign of life. A lock whose owner has died is taken over after its lease. On a cluster
 * every server makes the table; their common queue of DDL has one order, so the same owner wins on all of them.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, PrecedeError, UnavailableError } from '@precede/contracts';
import type { ClickHouse } from './client.ts';
import { onCluster } from './cluster-ddl.ts';

const TABLE = 'schema_migrations_lock';

export interface LockTimes {
  /** Without a sign of life for so long the owner counts as dead. Whole seconds: the server keeps no finer time. */
  readonly leaseMs: number;
  readonly waitMs: number;
}

export interface MigrationLock {
  /** Shows life; throws UnavailableError when another has taken the lock over, and then nothing more may be changed. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/** What follows the table's name. */
const everywhere = ({ cluster = '' }: ClickHouse): string => onCluster(cluster);

interface Holder {
  readonly owner: string;
  readonly idleMs: number;
}

const isExisting = (error: unknown): boolean =>
  error instanceof PrecedeError && error.message.includes('TABLE_ALREADY_EXISTS');

async function holderOf(clickhouse: ClickHouse, table: string): Promise<Holder | undefined> {
  const [row] = await clickhouse.query<Holder>(
    `SELECT comment AS owner, 1000 * dateDiff('second', metadata_modification_time, now()) AS idleMs
     FROM system.tables WHERE database = currentDatabase() AND name = {table:String}`,
    { table },
  );
  return row;
}

async function create(clickhouse: ClickHouse, owner: string): Promise<boolean> {
  try {
    await clickhouse.command(
      `CREATE TABLE ${TABLE}${everywhere(clickhouse)} (nothing UInt8) ENGINE = Memory COMMENT '${owner}'`,
    );
    return true;
  } catch (error) {
    if (isExisting(error)) return false;
    throw error;
  }
}

/**
 * Moves the dead owner's table aside. Only one of several can, and if in between somebody else had already taken the lock over,
 * the table moved is not the one meant: it goes back.
 */
async function evict(clickhouse: ClickHouse, deadOwner: string): Promise<void> {
  const aside = `${TABLE}_${randomUUID().replaceAll('-', '')}`;
  try {
    await clickhouse.command(`RENAME TABLE ${TABLE} TO ${aside}${everywhere(clickhouse)}`);
  } catch {
    return; // Somebody was faster; the next round sees who holds it now.
  }
  const moved = await holderOf(clickhouse, aside);
  if (moved?.owner === deadOwner)
    await clickhouse.command(`DROP TABLE IF EXISTS ${aside}${everywhere(clickhouse)} SYNC`);
  else await clickhouse.command(`RENAME TABLE ${aside} TO ${TABLE}${everywhere(clickhouse)}`);
}

/** Throws UnavailableError when a living owner keeps the lock for longer than `waitMs`. */
export async function takeLock(
  clickhouse: ClickHouse,
  { leaseMs, waitMs }: LockTimes,
): Promise<MigrationLock> {
  const owner = randomUUID();
  for (const start = Date.now(); !(await create(clickhouse, owner)); await sleep(100)) {
    const holder = await holderOf(clickhouse, TABLE);
    if (holder !== undefined && holder.idleMs > leaseMs) await evict(clickhouse, holder.owner);
    else if (Date.now() - start > waitMs) {
      throw new UnavailableError(
        ErrorCode.clickhouseUnavailable,
        `another process migrates ${clickhouse.database} for too long`,
      );
    }
  }
  return { renew: () => renew(clickhouse, owner), release: () => release(clickhouse, owner) };
}

async function renew(clickhouse: ClickHouse, owner: string): Promise<void> {
  const holder = await holderOf(clickhouse, TABLE);
  if (holder?.owner !== owner) {
    throw new UnavailableError(
      ErrorCode.clickhouseUnavailable,
      'another process has taken the migration lock over',
    );
  }
  await clickhouse.command(`ALTER TABLE ${TABLE}${everywhere(clickhouse)} MODIFY COMMENT '${owner}'`);
}

async function release(clickhouse: ClickHouse, owner: string): Promise<void> {
  const holder = await holderOf(clickhouse, TABLE);
  if (holder?.owner === owner)
    await clickhouse.command(`DROP TABLE IF EXISTS ${TABLE}${everywhere(clickhouse)} SYNC`);
}
