/**
 * Brings the schema up to date: migrations/NNNN_name.sql, each applied once, in order, under a lock. ClickHouse has no
 * transactions over DDL: a migration that was cut short runs again from its first statement, so every statement must be
 * repeatable (IF NOT EXISTS, IF EXISTS).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@precede/contracts';
import type { ClickHouse } from './client.ts';
import { type LockTimes, type MigrationLock, takeLock } from './migration-lock.ts';
import { splitStatements } from './statements.ts';

export interface MigrateOptions {
  readonly logger?: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  /** Default: the migrations of this package. */
  readonly dir?: string;
  readonly lock?: LockTimes;
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly sql: string;
}

type Applied = Omit<Migration, 'sql'>;

const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/;
const LOCK: LockTimes = { leaseMs: 60_000, waitMs: 120_000 };
const JOURNAL = `CREATE TABLE IF NOT EXISTS schema_migrations
  (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
  ENGINE = MergeTree ORDER BY version`;

const packageMigrations = fileURLToPath(new URL('../migrations', import.meta.url));

function readMigration(dir: string, file: string): Migration {
  const [, version = '', name = ''] = FILE.exec(file) ?? [];
  const sql = readFileSync(join(dir, file), 'utf8').replaceAll('\r\n', '\n');
  return { version: Number(version), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

function readMigrations(dir: string): Migration[] {
  const files = readdirSync(dir)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  const misnamed = files
    .filter((file) => !FILE.test(file))
    .map((file) => `migration ${file} is not named NNNN_name.sql`);
  if (misnamed.length > 0) throw new ConfigError(misnamed);
  const migrations = files.map((file) => readMigration(dir, file));
  const twice = migrations.filter((migration, index) => migrations[index - 1]?.version === migration.version);
  if (twice.length > 0)
    throw new ConfigError(twice.map(({ version }) => `two migrations have the number ${version}`));
  return migrations;
}

/** The migrations still to apply. An applied file that has changed since is refused: the schema would not be what it says. */
function pending(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const known = new Map(applied.map((entry) => [entry.version, entry]));
  const changed = migrations.filter(
    ({ version, checksum }) => (known.get(version)?.checksum ?? checksum) !== checksum,
  );
  if (changed.length > 0) {
    throw new ConfigError(
      changed.map(
        ({ version, name }) =>
          `migration ${version} (${name}) was applied and has changed since: add a new one instead`,
      ),
    );
  }
  return migrations.filter(({ version }) => !known.has(version));
}

function readApplied(clickhouse: ClickHouse): Promise<Applied[]> {
  return clickhouse.query<Applied>('SELECT version, name, checksum FROM schema_migrations ORDER BY version');
}

async function apply(clickhouse: ClickHouse, migration: Migration, lock: MigrationLock): Promise<void> {
  for (const statement of splitStatements(migration.sql)) {
    await lock.renew();
    await clickhouse.command(statement);
  }
  await lock.renew();
  const { version, name, checksum } = migration;
  await clickhouse.insert('schema_migrations', ['version', 'name', 'checksum'], [[version, name, checksum]]);
}

/**
 * Returns the names it applied, in order. Safe to call from several processes at once. Throws ConfigError for misnamed,
 * doubled or changed files, UnavailableError when the server or the lock is out of reach.
 */
export async function migrate(clickhouse: ClickHouse, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = readMigrations(options.dir ?? packageMigrations);
  await clickhouse.createDatabase();
  await clickhouse.command(JOURNAL);
  warnOfNewer(migrations, await readApplied(clickhouse), options);
  if (pending(migrations, await readApplied(clickhouse)).length === 0) return [];
  const lock = await takeLock(clickhouse, options.lock ?? LOCK);
  try {
    return await applyAll(clickhouse, pending(migrations, await readApplied(clickhouse)), lock, options);
  } finally {
    await lock.release();
  }
}

function warnOfNewer(
  migrations: readonly Migration[],
  applied: readonly Applied[],
  { logger }: MigrateOptions,
): void {
  const known = new Set(migrations.map(({ version }) => version));
  const newer = applied.filter(({ version }) => !known.has(version)).map(({ name }) => name);
  if (newer.length > 0)
    logger?.warn({ newer }, 'the database has migrations that this version does not know');
}

async function applyAll(
  clickhouse: ClickHouse,
  migrations: readonly Migration[],
  lock: MigrationLock,
  { logger }: MigrateOptions,
): Promise<string[]> {
  for (const migration of migrations) {
    await apply(clickhouse, migration, lock);
    logger?.info({ version: migration.version, migration: migration.name }, 'migration applied');
  }
  return migrations.map(({ name }) => name);
}
