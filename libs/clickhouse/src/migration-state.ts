/**
 * What the database has of the migrations of this release, by looking alone: for those who may not change it, and before
 * a change. Needs no more than SELECT on the database.
 */
import { ConfigError, ErrorCode, PrecedeError, UnavailableError } from '@precede/contracts';
import type { ClickHouse } from './client.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { differingRetention, type Retention, type RetentionChange } from './retention.ts';

export type Applied = Omit<Migration, 'sql'>;

export interface SchemaState {
  /** Of this release, in order. */
  readonly migrations: readonly {
    readonly version: number;
    readonly name: string;
    readonly isApplied: boolean;
  }[];
  /** Names of applied migrations that a newer release brought. */
  readonly newer: readonly string[];
  /** Tables that keep rows for another time than wanted. */
  readonly retention: readonly RetentionChange[];
}

export interface StateOptions {
  readonly retention?: Retention;
  /** Default: the migrations of this package. */
  readonly dir?: string;
}

/** The migrations still to apply. An applied file that has changed since is refused: the schema would not be what it says. */
export function pending<M extends Applied>(migrations: readonly M[], applied: readonly Applied[]): M[] {
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

export function readApplied(clickhouse: ClickHouse): Promise<Applied[]> {
  return clickhouse.query<Applied>('SELECT version, name, checksum FROM schema_migrations ORDER BY version');
}

/**
 * Names of what a newer release has applied. Such migrations only add, so that this release works beside them; one that
 * takes something away is named contract_…, and is refused: throws ConfigError.
 */
export const newerThan = (
  migrations: readonly { version: number }[],
  applied: readonly Applied[],
): string[] => {
  const known = new Set(migrations.map(({ version }) => version));
  const newer = applied.filter(({ version }) => !known.has(version)).map(({ name }) => name);
  const contracted = newer.filter((name) => name.startsWith(contracting));
  if (contracted.length > 0)
    throw new ConfigError(
      contracted.map(
        (name) =>
          `the tables are those of a newer release, which has taken away what this one needs (${name}): start the newer one, or restore a backup from before it`,
      ),
    );
  return newer;
};

const contracting = 'contract_';

const isNoDatabase = (error: unknown): boolean =>
  error instanceof PrecedeError && error.message.includes('UNKNOWN_DATABASE');

/** None where there is no database, or no migration ever ran in it. */
async function readIfThere(clickhouse: ClickHouse): Promise<Applied[]> {
  const there = await clickhouse
    .query("SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'")
    .catch((error: unknown) => {
      if (isNoDatabase(error)) return [];
      throw error;
    });
  return there.length === 0 ? [] : readApplied(clickhouse);
}

/** Throws ConfigError for misnamed, doubled and changed files, UnavailableError when the server is out of reach. */
export async function schemaState(
  clickhouse: ClickHouse,
  { retention, dir }: StateOptions = {},
): Promise<SchemaState> {
  const migrations = readMigrations(dir);
  const applied = await readIfThere(clickhouse);
  const missing = new Set(pending(migrations, applied).map(({ version }) => version));
  return {
    migrations: migrations.map(({ version, name }) => ({ version, name, isApplied: !missing.has(version) })),
    newer: newerThan(migrations, applied),
    retention:
      retention === undefined || applied.length === 0 ? [] : await differingRetention(clickhouse, retention),
  };
}

export interface MigratedOptions extends StateOptions {
  readonly logger: { warn(facts: object, message: string): void };
}

/**
 * For a process that may not change the schema. Throws UnavailableError naming what is missing and the command that makes it;
 * another retention is only warned of, as every release runs with any.
 */
export async function assertMigrated(clickhouse: ClickHouse, options: MigratedOptions): Promise<void> {
  const { migrations, newer, retention } = await schemaState(clickhouse, options);
  const missing = migrations.filter(({ isApplied }) => !isApplied).map(({ name }) => name);
  if (missing.length > 0)
    throw new UnavailableError(
      ErrorCode.clickhouseUnavailable,
      `Missing in the database ${clickhouse.database}, or hidden from this user: the migrations ${missing.join(', ')}. Run "precede migrate".`,
    );
  const tables = retention.map(({ table }) => table);
  if (tables.length > 0)
    options.logger.warn({ tables }, 'tables keep rows for another time than is set: run "precede migrate"');
  if (newer.length > 0)
    options.logger.warn({ newer }, 'the database has migrations that this version does not know');
}
