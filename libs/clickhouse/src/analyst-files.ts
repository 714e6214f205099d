/**
 * The analysts of an embedded server: DIR/analysts.json, a password file each, and their part of users.xml. The engine reads
 * users only when it starts; a changed file counts from its next start on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '@precede/contracts';
import {
  type Analyst,
  checkAnalyst,
  doorGrants,
  FIXED,
  LIMITS,
  policed,
  policyOf,
  roomName,
} from './analysts.ts';
import { packageStatements } from './migration-files.ts';
import { type Relation, zonedRelations } from './schema.ts';

/** Of embedded instances, always. */
const DATABASE = 'precede';

export const analystsFile = (dir: string): string => join(dir, 'analysts.json');
const passwordPath = (dir: string, name: string): string => join(dir, `${name}.password`);

export function readAnalysts(dir: string): Analyst[] {
  if (!existsSync(analystsFile(dir))) return [];
  const analysts = JSON.parse(readFileSync(analystsFile(dir), 'utf8')) as Analyst[];
  analysts.forEach(checkAnalyst);
  return analysts;
}

function write(dir: string, analysts: readonly Analyst[]): void {
  const path = analystsFile(dir);
  writeFileSync(`${path}.new`, `${JSON.stringify(analysts, null, 1)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Returns the file of the password. Throws InputError for a wrong or taken name. */
export function addAnalyst(dir: string, analyst: Analyst): string {
  checkAnalyst(analyst);
  const analysts = readAnalysts(dir);
  if (analysts.some(({ name }) => name === analyst.name))
    throw new InputError('/name', `there is an analyst ${analyst.name} already`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = passwordPath(dir, analyst.name);
  writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  write(dir, [...analysts, { name: analyst.name, zoneId: analyst.zoneId }]);
  return path;
}

/** Throws InputError for a name that is none. */
export function removeAnalyst(dir: string, name: string): void {
  const analysts = readAnalysts(dir);
  const rest = analysts.filter((analyst) => analyst.name !== name);
  if (rest.length === analysts.length) throw new InputError('/name', `there is no analyst ${name}`);
  write(dir, rest);
  rmSync(passwordPath(dir, name), { force: true });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const queries = (grants: readonly string[]): string =>
  grants.map((grant) => `<query>${grant}</query>`).join('');

/** Nobody knows its password, and it is not kept. */
function door(zoneId: string, relations: readonly Relation[]): string {
  const room = { database: DATABASE, zoneId, cluster: '' };
  const name = roomName(room);
  const filters = policed(room, relations).map(
    (table) => `<${table}><filter>${policyOf(zoneId)}</filter></${table}>`,
  );
  return `    <${name}>
      <password_sha256_hex>${randomBytes(32).toString('hex')}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>zone_analyst</profile>
      <quota>default</quota>
      <grants>${queries(doorGrants(room, relations))}</grants>
      <databases><${DATABASE}>${filters.join('')}</${DATABASE}></databases>
    </${name}>
`;
}

function user(dir: string, { name, zoneId }: Analyst, networks: string): string {
  const room = roomName({ database: DATABASE, zoneId });
  return `    <${name}>
      <password_sha256_hex>${sha256(readFileSync(passwordPath(dir, name), 'utf8').trim())}</password_sha256_hex>
      <networks>${networks}</networks>
      <profile>zone_analyst</profile>
      <quota>default</quota>
      <default_database>${room}</default_database>
      <grants>${queries([`GRANT SELECT ON ${room}.*`])}</grants>
    </${name}>
`;
}

export const analystZones = (analysts: readonly Analyst[]): string[] => [
  ...new Set(analysts.map(({ zoneId }) => zoneId)),
];

/** The <users> of users.xml, doors included. */
export function analystUsers(dir: string, networks: string): string {
  const analysts = readAnalysts(dir);
  if (analysts.length === 0) return '';
  const relations = zonedRelations(packageStatements());
  const doors = analystZones(analysts).map((zoneId) => door(zoneId, relations));
  return [...doors, ...analysts.map((analyst) => user(dir, analyst, networks))].join('');
}

/** The <profiles> of users.xml. */
export function analystProfile(): string {
  const limits = Object.entries(LIMITS);
  const values = [...limits, ...Object.entries(FIXED)].map(([name, value]) => `<${name}>${value}</${name}>`);
  const bounds = [
    ...limits.map(([name, max]) => `<${name}><min>1</min><max>${max}</max></${name}>`),
    ...Object.keys(FIXED).map((name) => `<${name}><readonly/></${name}>`),
  ];
  const close =
    '<cancel_http_readonly_queries_on_client_close>1</cancel_http_readonly_queries_on_client_close>';
  return `<zone_analyst><readonly>2</readonly>${close}${values.join('')}<constraints>${bounds.join('')}</constraints></zone_analyst>`;
}
