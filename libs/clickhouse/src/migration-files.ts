/** The migrations of a directory as they stand there: NNNN_name.sql, in the order of their numbers. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@precede/contracts';
import { splitStatements } from './statements.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Of the file as it is: the same on one server and on a cluster. */
  readonly checksum: string;
  readonly sql: string;
}

const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/;

const packageMigrations = fileURLToPath(new URL('../migrations', import.meta.url));

function readMigration(dir: string, file: string): Migration {
  const [, version = '', name = ''] = FILE.exec(file) ?? [];
  const sql = readFileSync(join(dir, file), 'utf8').replaceAll('\r\n', '\n');
  return { version: Number(version), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

/** Throws ConfigError for misnamed and doubled files. */
export function readMigrations(dir = packageMigrations): Migration[] {
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

/** Every statement of the package, from the first migration on. */
export const packageStatements = (): string[] =>
  readMigrations(packageMigrations).flatMap(({ sql }) => splitStatements(sql));
