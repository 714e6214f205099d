import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type Asked, asked, boards } from './board.ts';
import { type Account, ask, expand } from './clickhouse.ts';
import { faultOfTable, valuesOf } from './clickhouse-answers.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';
import { faultsOf } from './prometheus-answers.ts';
import { still } from './still.ts';

let system: LiveSystem | { skip: string };
before(async () => {
  system = await startLiveSystem();
});
after(() => ('skip' in system ? undefined : system.close()));

/** Skips with the reason where the system could not be had; with CI=true it has failed before. */
const live = (t: TestContext): LiveSystem | undefined => {
  if (!('skip' in system)) return system;
  t.skip(system.skip);
  return undefined;
};

/** Whoever may read: all zones, or one. */
const readers: readonly (readonly [who: string, accountOf: (is: LiveSystem) => Account])[] = [
  ['an operator', ({ operator }) => operator],
  ['an analyst of the zone', ({ analyst }) => analyst],
];

for (const board of boards) {
  const queries = asked(board).filter(({ target }) => target.expr !== undefined);
  if (queries.length > 0)
    test(`${board.uid}: every expression returns what its panel shows`, async (t) => {
      const is = live(t);
      if (is === undefined) return;

      const faults: string[] = [];
      for (const each of queries) faults.push(...(await faultsOf(is.prometheus, each, is.range)));

      assert.deepEqual(faults, []);
    });

  const statements = asked(board).filter(({ target }) => target.rawSql !== undefined);
  if (statements.length > 0)
    for (const [who, accountOf] of readers)
      test(`${board.uid}: every query of ClickHouse returns rows that its panel can show, for ${who}`, async (t) => {
        const is = live(t);
        if (is === undefined) return;
        const account = accountOf(is);

        const values = await valuesOf(board, account, is.day);
        const faults = await faultsOfTables(statements, account, (sql) => expand(sql, values, is.day));

        assert.deepEqual(faults, []);
      });
}

const faultsOfTables = async (
  statements: readonly Asked[],
  account: Account,
  expanded: (sql: string) => string,
): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const each of statements) {
    const fault = faultOfTable(each, await ask(account, expanded(each.target.rawSql ?? '')));
    if (fault !== undefined) faults.push(`${each.where}: ${fault}`);
  }
  return faults;
};

const analytics = boards.filter((board) => asked(board).some(({ target }) => target.rawSql !== undefined));

for (const board of analytics)
  test(`${board.uid}: no answer depends on the time zone of the server`, async (t) => {
    const is = live(t);
    if (is === undefined) return;
    const elsewhere = { ...is.operator, timeZone: 'America/New_York' };
    const values = await valuesOf(board, is.operator, is.day);

    assert.deepEqual(await valuesOf(board, elsewhere, is.day), values);
    for (const { where, target } of asked(board)) {
      const sql = expand(target.rawSql ?? '', values, is.day);
      // What is told since now changes by itself.
      if (!sql.includes('now64'))
        assert.deepEqual((await ask(elsewhere, sql)).data, (await ask(is.operator, sql)).data, where);
    }
  });

for (const board of analytics)
  for (const kind of ['correlation', 'lookback'])
    test(`${board.uid}: scores by ${kind} have rows as those by precedence have`, async (t) => {
      const is = live(t);
      if (is === undefined) return;
      const ofKind = asked(board).filter(({ target }) => target.rawSql?.includes('${kind:'));

      const values = await valuesOf(board, is.operator, is.day, { kind });
      const faults = await faultsOfTables(ofKind, is.operator, (sql) => expand(sql, values, is.day));

      assert.ok(ofKind.length >= 4);
      assert.deepEqual(faults, []);
    });

test('what the live system is said not to move does stand still', async (t) => {
  const is = live(t);
  if (is === undefined) return;

  const moved: string[] = [];
  for (const name of still.keys()) {
    const counted = `max_over_time({__name__=~"${name}(_count)?"}[10m]) > 0`;
    if ((await is.prometheus.query(counted)).length > 0) moved.push(name);
  }

  assert.deepEqual(moved, []);
});
