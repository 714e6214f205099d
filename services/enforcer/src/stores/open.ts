/** Opens the stores that the configuration names. A valkey that is away does not hold up the start: its calls fail until it comes. */
import { ConfigError } from '@precede/contracts';
import type { Clock, Logger } from '@precede/service';
import type { EnforcerConfig } from '../config.ts';
import type { EnforcerMetrics } from '../metrics.ts';
import type { RateCounter, SessionStore } from '../ports.ts';
import { derivedCookieKey } from './cookie-keys.ts';
import { CookieSessions } from './cookie-sessions.ts';
import { MemoryRates } from './memory-rates.ts';
import { MemorySessions } from './memory-sessions.ts';
import { ValkeyClient } from './valkey-client.ts';
import { ValkeyRates } from './valkey-rates.ts';
import { ValkeySessions } from './valkey-sessions.ts';

export interface StoreDeps {
  readonly metrics: EnforcerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Stores {
  readonly sessions: SessionStore;
  /** Whether `sessions` keeps by session identifier: a request without a session is then not to be asked or entered. */
  readonly keepsBySession: boolean;
  /** The same as `sessions` where that is the cookie store. */
  readonly cookies: SessionStore;
  readonly rates: RateCounter;
  close(): Promise<void>;
}

/** Throws ConfigError where valkey is named and its address is not. */
export const openStores = (config: EnforcerConfig, deps: StoreDeps): Stores => {
  const valkey = openValkey(config, deps);
  const cookies = openCookies(config, deps.metrics);
  const kind = config.PRECEDE_ENFORCER_SESSION_STORE;
  const sessions =
    kind === 'cookie'
      ? cookies
      : kind === 'valkey' && valkey
        ? new ValkeySessions(valkey)
        : openMemory(config, deps);
  const rates =
    valkey && config.PRECEDE_ENFORCER_RATE_STORE !== 'memory'
      ? new ValkeyRates(valkey)
      : new MemoryRates({ maxKeys: config.PRECEDE_ENFORCER_MAX_RATE_KEYS, metrics: deps.metrics });
  const close = async (): Promise<void> => {
    await sessions.close();
    await rates.close();
    await valkey?.close();
  };
  return { sessions, keepsBySession: kind !== 'cookie', cookies, rates, close };
};

const openMemory = (config: EnforcerConfig, { clock, metrics }: StoreDeps): MemorySessions =>
  new MemorySessions({
    maxSessions: config.PRECEDE_ENFORCER_MAX_SESSIONS,
    probationShare: config.PRECEDE_ENFORCER_PROBATION_SHARE,
    clock,
    metrics,
  });

const openCookies = (config: EnforcerConfig, metrics: EnforcerMetrics): CookieSessions => {
  const keys = config.PRECEDE_ENFORCER_COOKIE_KEYS;
  return new CookieSessions({
    keys: keys.length > 0 ? keys : [derivedCookieKey(config.PRECEDE_SESSION_KEY)],
    metrics,
  });
};

/** One connection for both; none where nothing is kept there. */
const openValkey = (config: EnforcerConfig, { metrics, logger }: StoreDeps): ValkeyClient | undefined => {
  const named = (['SESSION_STORE', 'RATE_STORE'] as const).filter(
    (each) => config[`PRECEDE_ENFORCER_${each}`] === 'valkey',
  );
  if (config.PRECEDE_ENFORCER_VALKEY_URL === '') {
    if (named.length === 0) return undefined;
    throw new ConfigError(
      named.map((each) => `PRECEDE_ENFORCER_VALKEY_URL: must be set, PRECEDE_ENFORCER_${each} is valkey`),
    );
  }
  const isAsked = named.length > 0 || config.PRECEDE_ENFORCER_RATE_STORE === 'auto';
  return isAsked ? new ValkeyClient({ config, metrics, logger }) : undefined;
};
