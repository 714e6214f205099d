/**
 * Session pseudonyms. The value of a session identifier is never stored: what travels is a keyed hash of it
 * (docs/semantics.md, Session identifier). Ingest and enforcer must agree on value and hash, hence one function for each.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { SessionId, ZoneId } from '@precede/contracts';

/** Each zone hashes with its own secret, derived from the installation's 32-byte key, so that no session can be followed across zones. */
export const zoneSecretOf = (masterKey: Buffer, zoneId: ZoneId): Buffer =>
  createHmac('sha256', masterKey).update(`zone:${zoneId}`).digest();

// Node makes a key of a plain buffer anew for every HMAC, at eight times the cost of the hash itself
// (bench/src/ingest-publish.bench.ts): each zone's is made once. A zone secret is never changed in place.
const keys = new WeakMap<Buffer, KeyObject>();
const keyOf = (zoneSecret: Buffer): KeyObject => {
  const known = keys.get(zoneSecret);
  if (known !== undefined) return known;
  const made = createSecretKey(zoneSecret);
  keys.set(zoneSecret, made);
  return made;
};

/** First 16 bytes of HMAC-SHA-256(zone secret, type, name, value), each part preceded by its length (4 bytes, big-endian); header names lower-cased. */
export const sessionIdOf = (zoneSecret: Buffer, type: string, name: string, value: string): SessionId => {
  const mac = createHmac('sha256', keyOf(zoneSecret));
  for (const part of [type, type === 'header' ? name.toLowerCase() : name, value]) {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    mac.update(length).update(bytes);
  }
  return mac.digest('hex').slice(0, 32) as SessionId;
};

/** The first cookie of that name in a Cookie header (RFC 6265, 4.2.1), as it stands, quotes included; names are case-sensitive; `''` for none. */
export const cookieIn = (header: string, name: string): string => {
  for (let from = 0; from < header.length; ) {
    const semicolon = header.indexOf(';', from);
    const end = semicolon === -1 ? header.length : semicolon;
    const equals = header.indexOf('=', from);
    if (equals !== -1 && equals < end && header.slice(from, equals).trim() === name)
      return header.slice(equals + 1, end).trim();
    from = end + 1;
  }
  return '';
};
