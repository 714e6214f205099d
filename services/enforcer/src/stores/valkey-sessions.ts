/**
 * The session store `valkey`, shared by all enforcers: one key a session, one read a request, and one atomic script an
 * admission, acknowledged before the answer. The order is that in which the server takes admissions; times come from the
 * enforcers. What is kept is as durable as the server is.
 */
import { ErrorCode, type ShortId, UnavailableError } from '@precede/contracts';
import { createLookback, type Lookback, lookbackGapMs, maxRaw, maxRuns, rawAgeMs } from '@precede/rules';
import type { Client, SessionStore } from '../ports.ts';
import { decodeLookback, lookbackFormat } from './lookback-codec.ts';
import { scriptOf, type ValkeyClient } from './valkey-client.ts';

/**
 * `push` of libs/rules over the bytes of lookback-codec.ts; the contract suite holds the two equal. A value of another
 * format begins anew. The time in ARGV is text: Lua reads it as a double, exact to the millisecond.
 */
const admission = scriptOf(`
local operation, time = ARGV[1], tonumber(ARGV[2])
local value = redis.call('GET', KEYS[1])
local last, runs, raw = nil, '', ''
if value and string.byte(value, 1) == ${lookbackFormat} then
  local split = 10 + 8 * string.byte(value, 2)
  last = struct.unpack('>d', value, 3)
  runs = string.sub(value, 11, split)
  raw = string.sub(value, split + 1)
end
if last and time - last > ${lookbackGapMs} then runs = '' end
if last and last > time then time = last end
local entry = operation .. struct.pack('>I4', time % 4294967296)
if string.sub(runs, -8, -5) == operation then runs = string.sub(runs, 1, -9) end
runs = string.sub(runs .. entry, ${-8 * maxRuns})
raw = string.sub(raw .. entry, ${-8 * maxRaw})
local head = string.char(${lookbackFormat}, #runs / 8) .. struct.pack('>d', time)
redis.call('SET', KEYS[1], head .. runs .. raw, 'PX', ${rawAgeMs})
return 1
`);

export class ValkeySessions implements SessionStore {
  readonly #valkey: ValkeyClient;

  /** The connection stays the caller's. */
  constructor(valkey: ValkeyClient) {
    this.#valkey = valkey;
  }

  async read(client: Client, _timeMs: number): Promise<Lookback> {
    if (client.sessionId === null) return createLookback();
    const bytes = await this.#valkey.get('read', keyOf(client));
    if (bytes === null) return createLookback();
    const state = decodeLookback(bytes);
    if (state !== undefined) return state;
    // Of a newer release beside this one, or of somebody else: deciding on nothing would deny the client unseen.
    throw new UnavailableError(ErrorCode.storeUnavailable, 'valkey holds a session in another format');
  }

  async admit(client: Client, operation: ShortId, timeMs: number): Promise<void> {
    if (client.sessionId === null) return;
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(operation);
    await this.#valkey.run('admit', admission, keyOf(client), [bytes, timeMs]);
  }

  async close(): Promise<void> {}
}

const keyOf = ({ zoneId, sessionId }: Client): string => `session:${zoneId}:${sessionId}`;
