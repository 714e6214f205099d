/** The embedded ClickHouse, started again on the same port when it dies: a laptop has no orchestrator. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedClickHouse } from '@precede/clickhouse';
import type { Logger } from '@precede/service';

export interface SupervisedClickHouse {
  readonly connection: {
    readonly url: string;
    readonly database: string;
    readonly username: string;
    readonly password: string;
    readonly requestTimeoutMs: number;
  };
  close(): Promise<void>;
}

export const superviseClickHouse = async (
  dir: string,
  host: string,
  port: number,
  logger: Logger,
): Promise<SupervisedClickHouse> => {
  let isClosing = false;
  let server = await startEmbeddedClickHouse({ dir, host, httpPort: port, logger });
  const { url, username, password } = server;
  const httpPort = Number(new URL(url).port);
  const watch = async (): Promise<void> => {
    const code = await server.exited;
    if (isClosing) return;
    logger.error({ code }, 'ClickHouse ended unexpectedly, starting it again');
    for (let pauseMs = 200; !isClosing; pauseMs = Math.min(pauseMs * 2, 10_000)) {
      try {
        server = await startEmbeddedClickHouse({ dir, host, httpPort, logger });
        break;
      } catch (err) {
        logger.error({ err }, 'ClickHouse does not start, trying again');
        await sleep(pauseMs);
      }
    }
    if (isClosing) await server.close();
    else await watch();
  };
  const watching = watch();
  return {
    connection: { url, database: 'precede', username, password, requestTimeoutMs: 30_000 },
    close: async () => {
      isClosing = true;
      await server.close();
      await watching;
    },
  };
};
