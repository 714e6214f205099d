/**
 * The rate counter `valkey`, shared by all enforcers and exact under concurrency: each hit is one atomic script on one key.
 * Times come from the enforcers, so their clocks should agree to a small part of the period.
 */
import type { RateCounter, RateVerdict, RateWindow } from '../ports.ts';
import { scriptOf, type ValkeyClient } from './valkey-client.ts';

/** Kept beyond its use, so that a clock that is behind still finds it. */
const clockSlackMs = 60_000;

/**
 * hitRate of rate-state.ts; the contract suite holds the two equal. Value: start (double), over until (double), count (double).
 * Gives the milliseconds that the key is over for yet; 0: it is not.
 */
const hit = scriptOf(`
local period, limit, timeout = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time, counts = tonumber(ARGV[4]), ARGV[5] == '1'
local start, over, count = 0, 0, 0
local value = redis.call('GET', KEYS[1])
if value then start, over, count = struct.unpack('>ddd', value) end
if time < over then return over - time end
if not counts then return 0 end
if over > 0 or count == 0 or time >= start + period then start, over, count = time, 0, 0 end
count = count + 1
if count > limit then over = timeout > 0 and time + timeout or start + period end
local till = math.max(over, start + period) - time
redis.call('SET', KEYS[1], struct.pack('>ddd', start, over, count), 'PX', till + ${clockSlackMs})
return math.max(over - time, 0)
`);

export class ValkeyRates implements RateCounter {
  readonly #valkey: ValkeyClient;

  /** The connection stays the caller's. */
  constructor(valkey: ValkeyClient) {
    this.#valkey = valkey;
  }

  async hit(key: string, window: RateWindow, timeMs: number, counts: boolean): Promise<RateVerdict> {
    const { periodMs, requestsPerPeriod, mitigationTimeoutMs } = window;
    const args = [periodMs, requestsPerPeriod, mitigationTimeoutMs, timeMs, counts ? 1 : 0];
    const retryAfterMs = Number(await this.#valkey.run('hit', hit, `rate:${key}`, args));
    return { isOver: retryAfterMs > 0, retryAfterMs };
  }

  async close(): Promise<void> {}
}
