/**
 * The embedded ClickHouse, started again on the same port when it dies, as a laptop has no orchestrator, and when its analysts
 * change, as the engine reads users only at its start. Services wait meanwhile, as for any ClickHouse that is away.
 */
import { type Stats, unwatchFile, watchFile } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { analystsFile, connectClickHouse, openRooms, startEmbeddedClickHouse } from '@precede/clickhouse';
import type { Logger } from '@precede/service';

export interface SupervisedClickHouse {
  readonly connection: {
    readonly url: string;
    readonly database: string;
    readonly username: string;
    readonly password: string;
    readonly requestTimeoutMs: number;
  };
  /** Brings the analysts' rooms up to date, once the tables are there; a new start does it by itself. */
  openRooms(): Promise<void>;
  close(): Promise<void>;
}

const lookEveryMs = 1_000;

const bringRooms = async (connection: SupervisedClickHouse['connection'], dir: string): Promise<void> => {
  const clickhouse = connectClickHouse(connection);
  try {
    await openRooms(clickhouse, dir);
  } finally {
    await clickhouse.close();
  }
};

export const superviseClickHouse = async (
  dir: string,
  host: string,
  port: number,
  logger: Logger,
): Promise<SupervisedClickHouse> => {
  let isClosing = false;
  let isRestarting = false;
  let isStale = false;
  let server = await startEmbeddedClickHouse({ dir, host, httpPort: port, logger });
  const { url, username, password } = server;
  const httpPort = Number(new URL(url).port);
  const connection = { url, database: 'precede', username, password, requestTimeoutMs: 30_000 };
  const rooms = (): Promise<void> => bringRooms(connection, dir);
  const onAnalysts = (): void => {
    // One that changes while the engine starts may have been read by it or not.
    isStale = isRestarting;
    if (isClosing || isRestarting) return;
    isRestarting = true;
    logger.info('analysts changed, starting ClickHouse anew');
    void server.close();
  };
  // It is told once of a file that is not there.
  const onLook = (now: Stats, before: Stats): void => {
    if (now.mtimeMs !== before.mtimeMs) onAnalysts();
  };
  watchFile(analystsFile(dir), { interval: lookEveryMs, persistent: false }, onLook);
  const watch = async (): Promise<void> => {
    const code = await server.exited;
    if (isClosing) return;
    if (!isRestarting) logger.error({ code }, 'ClickHouse ended unexpectedly, starting it again');
    isRestarting = true;
    for (let pauseMs = 200; !isClosing; pauseMs = Math.min(pauseMs * 2, 10_000)) {
      try {
        server = await startEmbeddedClickHouse({ dir, host, httpPort, logger });
        await rooms().catch((err: unknown) => logger.error({ err }, 'views of analysts are not up to date'));
        break;
      } catch (err) {
        logger.error({ err }, 'ClickHouse does not start, trying again');
        await sleep(pauseMs);
      }
    }
    isRestarting = false;
    if (isStale) onAnalysts();
    if (isClosing) await server.close();
    else await watch();
  };
  const watching = watch();
  return {
    connection,
    openRooms: rooms,
    close: async () => {
      isClosing = true;
      unwatchFile(analystsFile(dir), onLook);
      await server.close();
      await watching;
    },
  };
};
