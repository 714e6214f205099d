/**
 * Brings the schema up to date: migrations/NNNN_name.sql, each applied once, in order, under a lock. ClickHouse has no
 * transactions over DDL: a migration that was cut short runs again from its first statement, so every statement must be
 * repeatable (IF NOT EXISTS, IF EXISTS).
 */
import type { ClickHouse } from './client.ts';
import { ClusterDdl } from './cluster-ddl.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { type LockTimes, type MigrationLock, takeLock } from './migration-lock.ts';
import { type Applied, newerThan, pending, readApplied } from './migration-state.ts';
import { differingRetention, type Retention } from './retention.ts';
import { splitStatements } from './statements.ts';

export interface MigrateOptions {
  /** How long rows stay; absent: as the tables have it now. */
  readonly retention?: Retention;
  readonly logger?: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  /** Default: the migrations of this package. */
  readonly dir?: string;
  readonly lock?: LockTimes;
  /** Told of each thing that was done, as it is done. */
  readonly onDone?: (done: MigrationDone) => void;
}

export type MigrationDone =
  | { readonly kind: 'migration'; readonly version: number; readonly name: string }
  | { readonly kind: 'retention'; readonly table: string; readonly ttl: string };

/** A migration as the statements that carry it out here. */
interface Plan extends Omit<Migration, 'sql'> {
  readonly statements: readonly string[];
}

const LOCK: LockTimes = { leaseMs: 60_000, waitMs: 120_000 };
const JOURNAL = `CREATE TABLE IF NOT EXISTS schema_migrations
  (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
  ENGINE = MergeTree ORDER BY version`;

/** On a cluster later statements are understood by the earlier ones, so all are laid out, and in order. */
function plan({ cluster = '', database }: ClickHouse, migrations: readonly Migration[]): Plan[] {
  const ddl = cluster === '' ? undefined : new ClusterDdl({ cluster, database });
  return migrations.map(({ sql, ...migration }) => {
    const statements = splitStatements(sql);
    return {
      ...migration,
      statements: ddl === undefined ? statements : statements.flatMap((each) => ddl.rewrite(each)),
    };
  });
}

async function apply(clickhouse: ClickHouse, migration: Plan, lock: MigrationLock): Promise<void> {
  for (const statement of migration.statements) {
    await lock.renew();
    await clickhouse.command(statement);
  }
  await lock.renew();
  const { version, name, checksum } = migration;
  await clickhouse.insert('schema_migrations', ['version', 'name', 'checksum'], [[version, name, checksum]]);
}

async function createJournal(clickhouse: ClickHouse): Promise<void> {
  const { cluster = '', database } = clickhouse;
  await clickhouse.createDatabase();
  const there = await clickhouse.query(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
  );
  if (there.length > 0) return;
  const statements = cluster === '' ? [JOURNAL] : new ClusterDdl({ cluster, database }).rewrite(JOURNAL);
  for (const statement of statements) await clickhouse.command(statement);
}

/**
 * Returns the names it applied, in order, and then sets how long rows stay where that differs. Safe to call from several
 * processes at once. Throws ConfigError for misnamed, doubled or changed files and those that a cluster cannot have,
 * UnavailableError when the server or the lock is out of reach.
 */
export async function migrate(clickhouse: ClickHouse, options: MigrateOptions = {}): Promise<string[]> {
  const plans = plan(clickhouse, readMigrations(options.dir));
  await createJournal(clickhouse);
  warnOfNewer(plans, await readApplied(clickhouse), options);
  if (!(await hasWork(clickhouse, plans, options))) return [];
  const lock = await takeLock(clickhouse, options.lock ?? LOCK);
  try {
    const applied = await applyAll(clickhouse, pending(plans, await readApplied(clickhouse)), lock, options);
    await retain(clickhouse, lock, options);
    return applied;
  } finally {
    await lock.release();
  }
}

async function hasWork(
  clickhouse: ClickHouse,
  plans: readonly Plan[],
  { retention }: MigrateOptions,
): Promise<boolean> {
  if (pending(plans, await readApplied(clickhouse)).length > 0) return true;
  return retention !== undefined && (await differingRetention(clickhouse, retention)).length > 0;
}

/** Read again under the lock: another process may have set it in between. */
async function retain(
  clickhouse: ClickHouse,
  lock: MigrationLock,
  { retention, logger, onDone }: MigrateOptions,
): Promise<void> {
  if (retention === undefined) return;
  for (const { table, ttl, statement } of await differingRetention(clickhouse, retention)) {
    await lock.renew();
    await clickhouse.command(statement);
    logger?.info({ table, ttl }, 'retention set');
    onDone?.({ kind: 'retention', table, ttl });
  }
}

function warnOfNewer(
  migrations: readonly Plan[],
  applied: readonly Applied[],
  { logger }: MigrateOptions,
): void {
  const newer = newerThan(migrations, applied);
  if (newer.length > 0)
    logger?.warn({ newer }, 'the database has migrations that this version does not know');
}

async function applyAll(
  clickhouse: ClickHouse,
  migrations: readonly Plan[],
  lock: MigrationLock,
  { logger, onDone }: MigrateOptions,
): Promise<string[]> {
  for (const migration of migrations) {
    await apply(clickhouse, migration, lock);
    const { version, name } = migration;
    logger?.info({ version, migration: name }, 'migration applied');
    onDone?.({ kind: 'migration', version, name });
  }
  return migrations.map(({ name }) => name);
}
