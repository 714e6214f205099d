/**
 * What answers on a process's port while it waits for topics, before its own server can be built: /livez is alive, so that
 * nobody ends it, /readyz says what is awaited, everything else is 503. Its own server takes the port over.
 */
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { buildHttp, listen } from './http.ts';
import { untilAvailable } from './patience.ts';
import type { Tools } from './process.ts';

export interface Door extends Pick<Tools, 'logger' | 'registry' | 'health'> {
  readonly host: string;
  readonly port: number;
}

/** Repeats what may be repeated until it is done; any other fault than UnavailableError is the caller's. */
export const inWaitingRoom = async <T>(
  door: Door,
  condition: string,
  action: () => Promise<T>,
): Promise<T> => {
  const { host, port, logger, registry, health } = door;
  health.set(condition, false);
  // Nobody may be told by this server that the process is ready, whatever its conditions say by then.
  const app = buildHttp({ logger, registry, health: { ...health, isReady: () => false } });
  // Before the body is read: what is refused now is taken later, where 404 or 413 would tell a sender to drop it.
  const refuse = async (): Promise<never> => {
    throw new UnavailableError(ErrorCode.logUnavailable, 'The process has not started yet; try again.');
  };
  app.all('/*', { onRequest: refuse }, refuse);
  await listen(app, host, port);
  try {
    return await untilAvailable(condition, logger, action, ({ message }) =>
      health.set(condition, false, message),
    );
  } finally {
    await app.close();
    health.set(condition, true);
  }
};
