/** `precede clickhouse`: only the embedded ClickHouse, to look into the data of a stopped instance or to give services one. */
import { join } from 'node:path';
import {
  connectClickHouse,
  type EmbeddedClickHouse,
  openRooms,
  startEmbeddedClickHouse,
} from '@precede/clickhouse';
import { createLogger } from '@precede/service';
import type { Command } from 'commander';
import { defaultDataDir, wholeNumber } from './options.ts';
import { print } from './output.ts';

interface ClickHouseCommandOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
}

export const clickhouseCommand = (program: Command): void => {
  program
    .command('clickhouse')
    .description('run only the ClickHouse of a data directory, in the foreground')
    .option('--data <dir>', 'data directory of the instance', defaultDataDir)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'HTTP port, 0 for a free one', wholeNumber('port', 0, 65_535), 8123)
    .action(async (options: ClickHouseCommandOptions) => {
      const dir = join(options.data, 'clickhouse');
      const logger = createLogger('clickhouse', 'warn');
      const server = await startEmbeddedClickHouse({
        dir,
        host: options.host,
        httpPort: options.port,
        logger,
      });
      await openRoomsOf(server, dir);
      print(
        `clickhouse ${server.url}, user ${server.username}, password in ${join(dir, `${server.username}.password`)}`,
      );
      print('clickhouse is ready');
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
      // The engine is a process of its own: nothing else here keeps this one alive.
      const hold = setInterval(() => {}, 3_600_000);
      process.exitCode = (await server.exited) ?? 1;
      clearInterval(hold);
    });
};

/** Analysts that came while nothing was running. */
const openRoomsOf = async (server: EmbeddedClickHouse, dir: string): Promise<void> => {
  const { url, username, password } = server;
  const clickhouse = connectClickHouse({
    url,
    username,
    password,
    database: 'precede',
    requestTimeoutMs: 30_000,
  });
  try {
    await clickhouse.createDatabase();
    await openRooms(clickhouse, dir);
  } finally {
    await clickhouse.close();
  }
};
