/** `precede migrate`: brings the tables of ClickHouse, and how long they keep rows, up to date; the scorer need not. */
import {
  type ClickHouse,
  connectClickHouse,
  type MigrationDone,
  migrate,
  type SchemaState,
  schemaState,
} from '@precede/clickhouse';
import {
  clickhouseFields,
  clickhouseOptions,
  loadConfig,
  retentionFields,
  retentionOptions,
} from '@precede/service';
import type { Command } from 'commander';
import { note } from './output.ts';
import { patiently, printSetUp, type SetUpItem, type SetUpOptions, withSetUpOptions } from './set-up.ts';

export const migrateCommand = (program: Command): void => {
  withSetUpOptions(
    program
      .command('migrate')
      .description('bring the tables of ClickHouse, and how long they keep rows, up to date'),
  ).action(bringUpToDate);
};

const bringUpToDate = async (options: SetUpOptions): Promise<void> => {
  const config = loadConfig({ ...clickhouseFields, ...retentionFields }, process.env);
  const retention = retentionOptions(config);
  const clickhouse = connectClickHouse(clickhouseOptions(config));
  const done: MigrationDone[] = [];
  try {
    const state = await patiently(
      `ClickHouse (${config.PRECEDE_CLICKHOUSE_URL})`,
      options.timeout,
      async () => {
        const isCheck = options.check === true;
        if (!isCheck) await migrate(clickhouse, { retention, onDone: (each) => done.push(each) });
        return await look(clickhouse, retention);
      },
    );
    printSetUp(itemsOf(state, done), options);
  } finally {
    await clickhouse.close();
  }
};

const look = async (
  clickhouse: ClickHouse,
  retention: ReturnType<typeof retentionOptions>,
): Promise<SchemaState> => {
  const state = await schemaState(clickhouse, { retention });
  if (state.newer.length > 0)
    note(`the database has migrations that this version does not know: ${state.newer.join(', ')}`);
  return state;
};

const itemsOf = (state: SchemaState, done: readonly MigrationDone[]): SetUpItem[] => {
  const now = new Set(done.flatMap((each) => (each.kind === 'migration' ? [each.version] : [])));
  const migrations = state.migrations.map(({ version, name, isApplied }) => ({
    kind: 'migration',
    name: `${String(version).padStart(4, '0')}_${name}`,
    state: !isApplied ? 'missing' : now.has(version) ? 'applied' : 'present',
    ok: isApplied,
  }));
  const kept = done.flatMap((each) =>
    each.kind === 'retention' ? [retentionItem(each.table, each.ttl, true)] : [],
  );
  const differing = state.retention.map(({ table, ttl }) => retentionItem(table, ttl, false));
  return [...migrations, ...kept, ...differing];
};

const retentionItem = (table: string, ttl: string, ok: boolean): SetUpItem => ({
  kind: 'retention',
  name: table,
  state: ok ? 'set' : 'differs',
  ok,
  detail: ttl,
});
