import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { ClusterDdl } from './cluster-ddl.ts';

const VISITS =
  "CREATE TABLE IF NOT EXISTS visits (zone_id String, n UInt64, INDEX i n TYPE minmax) ENGINE = ReplacingMergeTree(n) ORDER BY (zone_id, n) COMMENT 'All visits'";
const STEPS =
  'CREATE TABLE IF NOT EXISTS steps (partition UInt16, n UInt64) ENGINE MergeTree ORDER BY partition TTL n';

/** The statements of the last one, after those before it. */
function rewrite(...statements: string[]): string[] {
  const ddl = new ClusterDdl({ cluster: 'c', database: 'd' });
  return statements.map((statement) => ddl.rewrite(statement)).at(-1) ?? [];
}

const visitsOver =
  "CREATE OR REPLACE TABLE visits ON CLUSTER `c` AS visits_local ENGINE = Distributed('c', 'd', 'visits_local', cityHash64(zone_id)) COMMENT 'All visits'";

test('a table becomes a replicated one on every server and one over all of them, sharded by zone', () => {
  assert.deepEqual(rewrite(VISITS), [
    "CREATE TABLE IF NOT EXISTS visits_local ON CLUSTER `c` (zone_id String, n UInt64, INDEX i n TYPE minmax) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/d/visits_local', '{replica}', n) ORDER BY (zone_id, n) COMMENT 'All visits'",
    visitsOver,
  ]);
});

test('a table without zones is sharded by the first column of its key', () => {
  assert.deepEqual(rewrite(STEPS), [
    "CREATE TABLE IF NOT EXISTS steps_local ON CLUSTER `c` (partition UInt16, n UInt64) ENGINE ReplicatedMergeTree('/clickhouse/tables/{shard}/d/steps_local', '{replica}') ORDER BY partition TTL n",
    "CREATE OR REPLACE TABLE steps ON CLUSTER `c` AS steps_local ENGINE = Distributed('c', 'd', 'steps_local', cityHash64(partition))",
  ]);
});

test('a view reads the local tables under the names that it knows them by', () => {
  const view =
    'CREATE VIEW IF NOT EXISTS busy AS WITH many AS (SELECT zone_id FROM visits FINAL) SELECT zone_id, visits.n FROM visits INNER JOIN many AS m USING zone_id ARRAY JOIN [1] AS one WHERE n IN (SELECT n FROM visits AS v)';

  const [local, over] = rewrite(VISITS, view);

  assert.equal(
    local,
    'CREATE VIEW IF NOT EXISTS busy_local ON CLUSTER `c` AS WITH many AS (SELECT zone_id FROM visits_local AS visits FINAL) SELECT zone_id, visits.n FROM visits_local AS visits INNER JOIN many AS m USING zone_id ARRAY JOIN [1] AS one WHERE n IN (SELECT n FROM visits_local AS v)',
  );
  assert.match(over ?? '', /^CREATE OR REPLACE TABLE busy ON CLUSTER `c` AS busy_local ENGINE = Distributed/);
});

test('the columns of a view keep their comments', () => {
  const view =
    "CREATE VIEW IF NOT EXISTS v (zone_id String COMMENT 'from x (y)') AS SELECT zone_id FROM visits";

  assert.equal(
    rewrite(VISITS, view)[0],
    view.replace('v (', 'v_local ON CLUSTER `c` (').replace('FROM visits', 'FROM visits_local AS visits'),
  );
});

test('a view with parameters stays one text over the tables of all servers', () => {
  const view = 'CREATE OR REPLACE VIEW one AS SELECT n FROM visits WHERE zone_id = {zone:String}';

  assert.deepEqual(rewrite(VISITS, view), [view.replace('one AS', 'one ON CLUSTER `c` AS')]);
  assert.deepEqual(rewrite(VISITS, view, 'DROP VIEW one'), ['DROP VIEW one ON CLUSTER `c` SYNC']);
});

test('a dictionary is made on every server over all zones', () => {
  const dictionary =
    "CREATE DICTIONARY IF NOT EXISTS names (zone_id String, n UInt64) PRIMARY KEY zone_id SOURCE(CLICKHOUSE(TABLE 'visits')) LAYOUT(HASHED()) LIFETIME(10)";

  assert.deepEqual(rewrite(VISITS, dictionary), [dictionary.replace('names (', 'names ON CLUSTER `c` (')]);
});

test('what alters a table alters the local ones, and the one over them is made anew', () => {
  assert.deepEqual(rewrite(VISITS, 'ALTER TABLE visits ADD COLUMN IF NOT EXISTS m UInt8'), [
    'ALTER TABLE visits_local ON CLUSTER `c` ADD COLUMN IF NOT EXISTS m UInt8',
    visitsOver,
  ]);
  assert.deepEqual(rewrite(VISITS, 'RENAME TABLE visits TO calls'), [
    'RENAME TABLE visits_local TO calls_local ON CLUSTER `c`',
    'DROP TABLE IF EXISTS visits ON CLUSTER `c` SYNC',
    visitsOver.replace('TABLE visits', 'TABLE calls').replaceAll('visits_local', 'calls_local'),
  ]);
  assert.deepEqual(rewrite(VISITS, 'DROP TABLE IF EXISTS visits SYNC'), [
    'DROP TABLE IF EXISTS visits ON CLUSTER `c` SYNC',
    'DROP TABLE IF EXISTS visits_local ON CLUSTER `c` SYNC',
  ]);
  assert.deepEqual(rewrite(VISITS, 'TRUNCATE TABLE visits'), ['TRUNCATE TABLE visits_local ON CLUSTER `c`']);
});

test('rows are inserted through the table over all servers', () => {
  const insert = "INSERT INTO visits SELECT zone_id, n FROM visits WHERE zone_id = 'a'";

  assert.deepEqual(rewrite(VISITS, insert), [insert]);
});

const view = (body: string): string => `CREATE VIEW IF NOT EXISTS v AS ${body}`;

test('what has no known meaning on a cluster is refused with the reason', () => {
  const cases: readonly [RegExp, ...string[]][] = [
    [/none of those known/, 'CREATE MATERIALIZED VIEW v TO visits AS SELECT 1'],
    [/none of those known/, 'CREATE TABLE visits (n UInt8) ENGINE = MergeTree ORDER BY n'],
    [/adds ON CLUSTER/, 'DROP TABLE visits ON CLUSTER c'],
    [/no database/, 'DROP TABLE d.visits'],
    [/plain name/, 'DROP TABLE "visits"'],
    [/"PERMANENTLY" was not expected/, 'DROP TABLE visits PERMANENTLY'],
    [/TO is missing/, 'RENAME TABLE visits AND steps'],
    [/list of columns/, 'CREATE TABLE IF NOT EXISTS t AS visits ENGINE = MergeTree'],
    [/list of columns/, 'CREATE DICTIONARY IF NOT EXISTS t PRIMARY KEY n'],
    [/ENGINE is missing/, 'CREATE TABLE IF NOT EXISTS t (n UInt8) ORDER BY n'],
    [/engine has no name/, 'CREATE TABLE IF NOT EXISTS t (n UInt8) ENGINE = (1)'],
    [/do not close/, 'CREATE TABLE IF NOT EXISTS t (n UInt8) ENGINE = MergeTree(1'],
    [/no replicated form/, 'CREATE TABLE IF NOT EXISTS t (n UInt8) ENGINE = Memory'],
    [/begin with a column/, 'CREATE TABLE IF NOT EXISTS t (n UInt8) ENGINE = MergeTree ORDER BY tuple()'],
    [/begin with a column/, 'CREATE TABLE IF NOT EXISTS t (n UInt8) ENGINE = MergeTree'],
    [
      /zone_id must be/,
      'CREATE TABLE IF NOT EXISTS t (zone_id String, n UInt8) ENGINE = MergeTree ORDER BY n',
    ],
    [/no migration before/, 'ALTER TABLE visits ADD COLUMN m UInt8'],
    [/no migration before/, 'DROP VIEW visits'],
    [/no migration before/, VISITS, view('SELECT zone_id FROM calls')],
    [/do not lie with/, STEPS, view('SELECT zone_id FROM steps')],
    [/does not show zone_id/, VISITS, view('SELECT n FROM visits')],
    [/write IN \(SELECT/, VISITS, view('SELECT zone_id FROM visits WHERE n IN visits')],
    [/write AS/, VISITS, view('SELECT zone_id FROM visits v')],
    [/must follow FROM/, VISITS, view("SELECT zone_id FROM 'visits'")],
    [/AS is missing/, VISITS, 'CREATE OR REPLACE VIEW v (zone_id String) SELECT zone_id FROM visits'],
    [/AS is missing/, VISITS, 'CREATE OR REPLACE VIEW v SQL SECURITY NONE AS SELECT zone_id FROM visits'],
    [/does not close/, VISITS, 'CREATE OR REPLACE VIEW v (zone_id String'],
  ];

  for (const [reason, ...statements] of cases) {
    assert.throws(
      () => rewrite(...statements),
      (error) => error instanceof ConfigError && reason.test(error.message),
      statements.at(-1),
    );
  }
});
