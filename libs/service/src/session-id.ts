/**
 * Session pseudonyms. The value of a session identifier is never stored: what travels is a keyed hash of it
 * (docs/semantics.md, Session identifier). Ingest and enforcer must agree on value and hash, hence one function for each.
 */
import { createHmac, hash } from 'node:crypto';
import type { SessionId, ZoneId } from '@precede/contracts';

/** Each zone hashes with its own secret, derived from the installation's 32-byte key, so that no session can be followed across zones. */
export const zoneSecretOf = (masterKey: Buffer, zoneId: ZoneId): Buffer =>
  createHmac('sha256', masterKey).update(`zone:${zoneId}`).digest();

/**
 * First 16 bytes of HMAC-SHA-256(zone secret, type, name, value), each part preceded by its length (4 bytes, big-endian);
 * header names lower-cased.
 */
export const sessionIdOf = (zoneSecret: Buffer, type: string, name: string, value: string): SessionId => {
  const head = headOf(zoneSecret, type, name);
  const length = Buffer.byteLength(value);
  const message =
    head.inner.length + 4 + length <= scratch.length ? scratch : Buffer.alloc(head.inner.length + 4 + length);
  head.inner.copy(message);
  message.writeUInt32BE(length, head.inner.length);
  message.write(value, head.inner.length + 4);
  const inner = hash('sha256', message.subarray(0, head.inner.length + 4 + length), 'binary');
  head.outer.write(inner, blockBytes, 'latin1');
  return hash('sha256', head.outer, 'hex').slice(0, 32) as SessionId;
};

// HMAC by its definition (RFC 2104) out of two hashes at one stroke: createHmac makes objects that cost four times the
// hashes (bench/src/ingest-publish.bench.ts). What stays the same between requests is made once.
const blockBytes = 64;
const digestBytes = 32;
const scratch = Buffer.alloc(8192);

interface Head {
  /** The key's inner block, and type and name with their lengths. */
  readonly inner: Buffer;
  /** The key's outer block, and room for the inner digest. */
  readonly outer: Buffer;
}

/** By zone secret, which is never changed in place, and identifier: a zone has few. */
const heads = new WeakMap<Buffer, Map<string, Head>>();
/** Explicit sessions may bring any name: beyond so many all are forgotten. */
const maxHeads = 1000;

const headOf = (zoneSecret: Buffer, type: string, name: string): Head => {
  let ofZone = heads.get(zoneSecret);
  if (ofZone === undefined) {
    ofZone = new Map();
    heads.set(zoneSecret, ofZone);
  }
  const key = `${type}\0${name}`;
  const known = ofZone.get(key);
  if (known !== undefined) return known;
  const made = makeHead(zoneSecret, type, type === 'header' ? name.toLowerCase() : name);
  if (ofZone.size >= maxHeads) ofZone.clear();
  ofZone.set(key, made);
  return made;
};

const makeHead = (zoneSecret: Buffer, type: string, name: string): Head => {
  const block = Buffer.alloc(blockBytes);
  (zoneSecret.length > blockBytes ? hash('sha256', zoneSecret, 'buffer') : zoneSecret).copy(block);
  const outer = Buffer.alloc(blockBytes + digestBytes);
  Buffer.from(block.map((byte) => byte ^ 0x5c)).copy(outer);
  return {
    inner: Buffer.concat([block.map((byte) => byte ^ 0x36), part(type), part(name)]),
    outer,
  };
};

const part = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/**
 * The first cookie of that name in a Cookie header (RFC 6265, 4.2.1), as it stands, quotes included; names are
 * case-sensitive; `''` for none. Only blanks and tabs round it are no part of it: other bytes may be half a character.
 * O(characters).
 */
export const cookieIn = (header: string, name: string): string => {
  for (let from = 0; from < header.length; ) {
    const semicolon = header.indexOf(';', from);
    const end = semicolon === -1 ? header.length : semicolon;
    const start = afterBlanks(header, from, end);
    if (header.startsWith(name, start)) {
      const equals = afterBlanks(header, start + name.length, end);
      if (equals < end && header.charCodeAt(equals) === equalsSign) return trimmed(header, equals + 1, end);
    }
    from = end + 1;
  }
  return '';
};

const equalsSign = 0x3d;
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const afterBlanks = (text: string, from: number, end: number): number => {
  let at = from;
  while (at < end && isBlank(text.charCodeAt(at))) at += 1;
  return at;
};

const trimmed = (text: string, from: number, to: number): string => {
  const start = afterBlanks(text, from, to);
  let end = to;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
};
