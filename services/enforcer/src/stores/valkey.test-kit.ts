/** A connection to a test server, with its own metrics and with all it wrote to the log. */
import { createLogger, type Logger } from '@precede/service';
import { Registry } from 'prom-client';
import { configOf, until } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import { ValkeyClient } from './valkey-client.ts';

export interface TestClient {
  readonly client: ValkeyClient;
  readonly registry: Registry;
  readonly logged: unknown[][];
}

let opened = 0;

/** Each has keys of its own, unless `env` says otherwise. */
export const openClient = (url: string, env: Readonly<Record<string, string>> = {}): TestClient => {
  const registry = new Registry();
  const logged: unknown[][] = [];
  const keep = (...line: unknown[]): void => void logged.push(line);
  const logger: Logger = Object.assign(createLogger('enforcer', 'silent'), { info: keep, warn: keep });
  opened += 1;
  const config = configOf({
    PRECEDE_ENFORCER_VALKEY_URL: url,
    PRECEDE_ENFORCER_VALKEY_PREFIX: `test-${process.pid}-${opened}:`,
    // Tests run beside other work: only the tests of the timeout mean it.
    PRECEDE_ENFORCER_VALKEY_TIMEOUT: '20s',
    ...env,
  });
  const metrics = createEnforcerMetrics(registry, { now: () => Date.now() });
  return { client: new ValkeyClient({ config, metrics, logger }), registry, logged };
};

/** Until it takes commands. */
export const connected = ({ client }: TestClient): Promise<true> =>
  until(() =>
    client.get('read', 'connected').then(
      () => true as const,
      () => false as const,
    ),
  );
