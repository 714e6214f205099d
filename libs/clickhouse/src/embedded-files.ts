/**
 * The files that the embedded ClickHouse needs in its data directory before it starts: configuration, users and
 * their random passwords. Written anew at each start except the passwords, which stay.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { analystProfile, analystUsers } from './analyst-files.ts';

/** The services' user. */
export const USER = 'precede';
/** Reads everything of all zones, changes nothing: for the operator and their tools. */
export const READER = 'analyst';
/** Whom the dictionary `operation_names` loads its rows as; its collection of the same name is named in the migration. */
const NAMES = 'precede_names';

const GIB = 1024 ** 3;

export const configFile = (dir: string): string => join(dir, 'config.xml');
export const passwordFile = (dir: string, user: string): string => join(dir, `${user}.password`);
export const outputFile = (dir: string): string => join(dir, 'log', 'output.log');

/** Replaces the file whole, so that a running engine never reads half of it. */
function write(path: string, text: string): void {
  const fresh = `${path}.${randomUUID()}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, path);
}

function passwordOf(dir: string, user: string): string {
  const path = passwordFile(dir, user);
  if (!existsSync(path)) write(path, `${randomBytes(24).toString('base64url')}\n`);
  return readFileSync(path, 'utf8').trim();
}

const xmlText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Half of a small machine, never more than 4 GiB: the engine shares it with the services. */
function serverMemory(): number {
  return Math.min(4 * GIB, Math.floor(totalmem() / 2));
}

function config(dir: string, namesPassword: string): string {
  const path = xmlText(dir);
  return `<clickhouse>
  <logger>
    <level>information</level>
    <log>${path}/log/clickhouse.log</log>
    <errorlog>${path}/log/clickhouse.err.log</errorlog>
    <size>10M</size>
    <count>2</count>
  </logger>
  <users_config>users.xml</users_config>
  <timezone>UTC</timezone>
  <tmp_path>${path}/tmp/</tmp_path>
  <user_files_path>${path}/user_files/</user_files_path>
  <backups>
    <allowed_path>${path}/backups/</allowed_path>
  </backups>
  <max_server_memory_usage>${serverMemory()}</max_server_memory_usage>
  <mark_cache_size>134217728</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
  <max_concurrent_queries>100</max_concurrent_queries>
  <keep_alive_timeout>30</keep_alive_timeout>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>8</background_schedule_pool_size>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
  </access_control_improvements>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <named_collections>
    <${NAMES}>
      <user>${NAMES}</user>
      <password>${namesPassword}</password>
    </${NAMES}>
  </named_collections>
</clickhouse>
`;
}

function user(
  name: string,
  password: string,
  profile: string,
  networks: string,
  grants: readonly string[] = [],
): string {
  const digest = createHash('sha256').update(password).digest('hex');
  return `    <${name}>
      <password_sha256_hex>${digest}</password_sha256_hex>
      <networks>${networks}</networks>
      <profile>${profile}</profile>
      <quota>default</quota>
${grantList(grants)}    </${name}>
`;
}

/** No list means every right. */
function grantList(grants: readonly string[]): string {
  if (grants.length === 0) return '';
  return `      <grants>${grants.map((grant) => `<query>${grant}</query>`).join('')}</grants>\n`;
}

/**
 * `default` is whom the engine's own session runs as: it must have no password, so over HTTP anybody on this machine is it.
 * Hence it may do what that session does and nothing else.
 */
function users(dir: string, isLoopback: boolean, namesPassword: string): string {
  const networks = isLoopback ? '<ip>127.0.0.1</ip><ip>::1</ip>' : '<ip>::/0</ip>';
  return `<clickhouse>
  <profiles>
    <default></default>
    <reader><readonly>2</readonly><max_execution_time>60</max_execution_time></reader>
    ${analystProfile()}
  </profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
      </grants>
    </default>
${user(USER, passwordOf(dir, USER), 'default', networks)}${user(READER, passwordOf(dir, READER), 'reader', networks)}${user(NAMES, namesPassword, 'reader', '<ip>127.0.0.1</ip>', ['GRANT SELECT ON precede.operations'])}${analystUsers(dir, networks)}  </users>
</clickhouse>
`;
}

/** Returns the password of USER. */
export function prepareFiles(dir: string, isLoopback: boolean): string {
  for (const folder of ['metadata', 'log', 'tmp', 'user_files']) {
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  }
  // With this file the system database is kept, and query_log with it, over a restart.
  const system = join(dir, 'metadata', 'system.sql');
  if (!existsSync(system)) write(system, `ATTACH DATABASE _ UUID '${randomUUID()}'\nENGINE = Atomic\n`);
  // Only this start's two files know it.
  const namesPassword = randomBytes(24).toString('base64url');
  write(join(dir, 'users.xml'), users(dir, isLoopback, namesPassword));
  write(configFile(dir), config(dir, namesPassword));
  return passwordOf(dir, USER);
}
