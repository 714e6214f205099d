import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zonedRelations } from './schema.ts';

const table = (name: string, columns: string, engine = 'MergeTree'): string =>
  `CREATE TABLE IF NOT EXISTS ${name} (${columns}) ENGINE = ${engine} ORDER BY n COMMENT 'of ${name}'`;
const zoned = 'zone_id String, n UInt8';

test('tables and dictionaries with zones and all views are what is left of the statements', () => {
  const relations = zonedRelations([
    table('visits', zoned, 'ReplacingMergeTree'),
    table('steps', 'n UInt8'),
    'CREATE VIEW IF NOT EXISTS busy AS SELECT zone_id FROM visits',
    'CREATE OR REPLACE VIEW one AS SELECT zone_id FROM visits WHERE n IN {ns:Array(UInt8)} AND n > {from:UInt8}',
    'CREATE DICTIONARY IF NOT EXISTS names (zone_id String, n UInt8) PRIMARY KEY zone_id',
    'CREATE DICTIONARY IF NOT EXISTS numbers (n UInt8) PRIMARY KEY n',
    'ALTER TABLE visits ADD COLUMN IF NOT EXISTS m UInt8',
  ]);

  assert.deepEqual(
    relations.map(({ name, kind, isReplacing, comment }) => ({ name, kind, isReplacing, comment })),
    [
      { name: 'visits', kind: 'table', isReplacing: true, comment: "'of visits'" },
      { name: 'busy', kind: 'view', isReplacing: false, comment: undefined },
      { name: 'one', kind: 'view', isReplacing: false, comment: undefined },
      { name: 'names', kind: 'dictionary', isReplacing: false, comment: undefined },
    ],
  );
  assert.deepEqual(
    [...(relations[2]?.parameters ?? [])],
    [
      ['ns', 'Array(UInt8)'],
      ['from', 'UInt8'],
    ],
  );
});

test('what was dropped is gone, what was renamed has its new name, also where nobody made it', () => {
  const relations = zonedRelations([
    table('visits', zoned),
    table('calls', zoned),
    'DROP TABLE IF EXISTS calls SYNC',
    'RENAME TABLE visits TO trips',
    'RENAME TABLE nowhere TO somewhere',
  ]);

  assert.deepEqual(
    relations.map(({ name }) => name),
    ['trips'],
  );
});
