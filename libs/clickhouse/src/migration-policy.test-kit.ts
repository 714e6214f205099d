/** What the tables of a release owe to the one before: a statement adds, unless its migration is named contract_…. */
import type { Migration } from './migration-files.ts';
import { splitStatements } from './statements.ts';

/** Brought before the policy; they were never applied beside an older release. */
const lastOfTheFirst = 14;

const adding = [
  /^CREATE (TABLE|VIEW|DICTIONARY) IF NOT EXISTS /,
  /^CREATE OR REPLACE (VIEW|DICTIONARY) /,
  /^ALTER TABLE \w+ (ADD (COLUMN|INDEX) IF NOT EXISTS|MODIFY (TTL|SETTING|COMMENT)|COMMENT COLUMN)/,
];
/** Further actions of one ALTER. */
const taking = /,\s*(DROP|RENAME|MODIFY COLUMN|CLEAR|DELETE|UPDATE)\b/;

const plain = (statement: string): string =>
  statement
    .replace(/--[^\n]*/g, ' ')
    .replace(/'[^']*'/g, "''")
    .replace(/\s+/g, ' ')
    .trim();

/** Statements of an expanding migration that an older release may miss something after. */
export const takingStatements = ({
  version,
  name,
  sql,
}: Pick<Migration, 'version' | 'name' | 'sql'>): string[] => {
  if (version <= lastOfTheFirst || name.startsWith('contract_')) return [];
  return splitStatements(sql)
    .map(plain)
    .filter((statement) => !adding.some((form) => form.test(statement)) || taking.test(statement));
};
