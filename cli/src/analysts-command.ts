/**
 * `precede analysts`: people who may read one zone in ClickHouse and nothing else. Of an embedded instance they are kept in
 * its data directory; for a server of one's own the SQL is printed, or run with --apply.
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import {
  addAnalyst,
  applyAnalyst,
  connectClickHouse,
  printAnalyst,
  readAnalysts,
  removeAnalyst,
  runningEmbedded,
} from '@precede/clickhouse';
import { isZoneId } from '@precede/contracts';
import { clickhouseFields, clickhouseOptions, loadConfig } from '@precede/service';
import type { Command } from 'commander';
import { clientOf, defaultDataDir, type TargetOptions, withTarget } from './options.ts';
import { note, print, table } from './output.ts';

interface AddOptions extends TargetOptions {
  readonly zone: string;
}

interface SqlOptions extends AddOptions {
  readonly database: string;
  readonly cluster: string;
  readonly apply?: boolean;
}

const engineDir = (options: Pick<TargetOptions, 'data'>): string => resolve(options.data, 'clickhouse');

/** An id is taken as it is, so that the instance need not run. */
const zoneIdOf = async (options: AddOptions): Promise<string> =>
  isZoneId(options.zone) ? options.zone : (await clientOf(options).zone(options.zone)).id;

export const analystsCommand = (program: Command): void => {
  const analysts = program
    .command('analysts')
    .description('people who may read one zone in ClickHouse, and nothing else');
  const zone = ['--zone <zone>', 'id or name of the zone'] as const;
  withTarget(
    analysts
      .command('add')
      .description('let somebody read a zone of an embedded instance')
      .argument('<name>')
      .requiredOption(...zone),
  ).action(add);
  analysts
    .command('list')
    .description('analysts of an embedded instance')
    .option('--data <dir>', 'data directory of the instance', defaultDataDir)
    .action((options: { data: string }) => {
      const found = readAnalysts(engineDir(options));
      print(
        table(
          ['name', 'zone'],
          found.map(({ name, zoneId }) => [name, zoneId]),
        ),
      );
    });
  analysts
    .command('remove')
    .description('take an analyst of an embedded instance away')
    .argument('<name>')
    .option('--data <dir>', 'data directory of the instance', defaultDataDir)
    .action((name: string, options: { data: string }) => {
      removeAnalyst(engineDir(options), name);
      print(`analyst ${name} removed; ${whenItCounts(engineDir(options))}`);
    });
  withTarget(
    analysts
      .command('sql')
      .description('the same for a ClickHouse of your own: print the SQL, or run it')
      .argument('<name>')
      .requiredOption(...zone)
      .option('--database <name>', 'database of the tables', 'precede')
      .option('--cluster <name>', 'as PRECEDE_CLICKHOUSE_CLUSTER', '')
      .option('--apply', 'run it, on the server of the variables PRECEDE_CLICKHOUSE_…'),
  ).action(sql);
};

const whenItCounts = (dir: string): string =>
  runningEmbedded(dir) === undefined
    ? 'it counts from the next start'
    : '`precede up` starts its ClickHouse anew by itself within seconds; `precede clickhouse` must be started again';

const add = async (name: string, options: AddOptions): Promise<void> => {
  const dir = engineDir(options);
  const file = addAnalyst(dir, { name, zoneId: await zoneIdOf(options) });
  print(`analyst ${name}, password in ${file}`);
  const running = runningEmbedded(dir);
  note(whenItCounts(dir));
  if (running !== undefined)
    print(`curl --user "${name}:$(cat ${file})" ${running.url} --data-binary 'SHOW TABLES'`);
};

const sql = async (name: string, options: SqlOptions): Promise<void> => {
  const password = randomBytes(24).toString('base64url');
  const analyst = { name, zoneId: await zoneIdOf(options) };
  if (options.apply !== true) {
    for (const statement of printAnalyst(options, analyst, password)) print(`${statement};`);
    note(`password of ${name}: ${password}`);
    return;
  }
  const connection = clickhouseOptions(loadConfig(clickhouseFields, process.env));
  const clickhouse = connectClickHouse(connection);
  try {
    await applyAnalyst(clickhouse, printAnalyst(connection, analyst, password));
  } finally {
    await clickhouse.close();
  }
  print(`analyst ${name}, password ${password}`);
};
