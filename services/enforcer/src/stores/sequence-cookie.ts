/**
 * The sequence cookie: a lookback that the client carries, sealed with AES-256-GCM for one zone, and one session if there is
 * one; at most 294 characters. It cannot tell whether it is the newest one: see the README, Sessions.
 *
 *   value   1 . key id . base64url( nonce (24) ‖ whom (4) ‖ ciphertext ‖ tag (16) )
 *   key     HMAC-SHA-256(key, first half of the nonce): one for each cookie, so that a key may seal any number of them
 *   whom    zone and session folded: tells a cookie of somebody else from a forged one, for the counter alone
 *   AAD     version, key id, zone, session: moving a cookie between them breaks the seal
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { SessionId, ZoneId } from '@precede/contracts';
import { type Lookback, rawAgeMs } from '@precede/rules';
import { type CookieKey, maxKeyIdLength } from './cookie-keys.ts';
import { decodeLookback, encodeLookback, maxLookbackBytes } from './lookback-codec.ts';

export const CookieOutcome = {
  ok: 'ok',
  none: 'none',
  malformed: 'malformed',
  forged: 'forged',
  expired: 'expired',
  foreign: 'foreign',
  oversized: 'oversized',
} as const;
export type CookieOutcome = (typeof CookieOutcome)[keyof typeof CookieOutcome];

export type Opened =
  | { readonly outcome: 'ok'; readonly state: Lookback }
  | { readonly outcome: Exclude<CookieOutcome, 'ok'> };

/** Whose cookie it is. */
export interface CookieOwner {
  readonly zoneId: ZoneId;
  readonly sessionId: SessionId | null;
}

const version = '1';
const halfNonceBytes = 12;
const nonceBytes = 2 * halfNonceBytes;
const whomBytes = 4;
const tagBytes = 16;
const sealedAt = nonceBytes + whomBytes;
const maxBytes = sealedAt + maxLookbackBytes + tagBytes;
export const maxCookieLength = version.length + 1 + maxKeyIdLength + 1 + Math.ceil((maxBytes * 4) / 3);
/** Clocks of enforcers may differ by this. */
export const maxAheadMs = 60_000;

const form = /^1\.([\w-]{1,16})\.([\w-]+)$/;

export const sealCookie = ({ keyId, key }: CookieKey, owner: CookieOwner, state: Lookback): string => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', cookieKeyOf(key, nonce), nonce.subarray(halfNonceBytes));
  cipher.setAAD(boundTo(keyId, owner));
  const sealed = cipher.update(encodeLookback(state));
  cipher.final();
  const bytes = Buffer.concat([nonce, whomOf(owner), sealed, cipher.getAuthTag()]);
  return `${version}.${keyId}.${bytes.toString('base64url')}`;
};

/** Never throws: whatever a client sends is one of the outcomes. */
export const openCookie = (
  keys: readonly CookieKey[],
  owner: CookieOwner,
  value: string | null,
  timeMs: number,
): Opened => {
  if (value === null || value === '') return { outcome: CookieOutcome.none };
  if (value.length > maxCookieLength) return { outcome: CookieOutcome.oversized };
  const [, keyId, text] = form.exec(value) ?? [];
  const bytes = Buffer.from(text ?? '', 'base64url');
  if (keyId === undefined || bytes.length < sealedAt + tagBytes) return { outcome: CookieOutcome.malformed };
  const known = keys.find((each) => each.keyId === keyId);
  if (known === undefined || !bytes.subarray(nonceBytes, sealedAt).equals(whomOf(owner)))
    return { outcome: CookieOutcome.foreign };
  const plain = unseal(known, owner, bytes);
  return plain === undefined ? { outcome: CookieOutcome.forged } : judge(decodeLookback(plain), timeMs);
};

const unseal = ({ keyId, key }: CookieKey, owner: CookieOwner, bytes: Buffer): Buffer | undefined => {
  const nonce = bytes.subarray(0, nonceBytes);
  const tagAt = bytes.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', cookieKeyOf(key, nonce), nonce.subarray(halfNonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(boundTo(keyId, owner)).setAuthTag(bytes.subarray(tagAt));
  const plain = decipher.update(bytes.subarray(sealedAt, tagAt));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
};

/** Authentic; its last time is when it was sealed. */
const judge = (state: Lookback | undefined, timeMs: number): Opened => {
  if (state === undefined) return { outcome: CookieOutcome.malformed };
  if (timeMs - state.lastMs > rawAgeMs) return { outcome: CookieOutcome.expired };
  if (state.lastMs - timeMs > maxAheadMs) return { outcome: CookieOutcome.forged };
  return { outcome: CookieOutcome.ok, state };
};

const cookieKeyOf = (key: KeyObject, nonce: Buffer): KeyObject =>
  createSecretKey(createHmac('sha256', key).update(nonce.subarray(0, halfNonceBytes)).digest());

/** The key id is the only part whose length varies, and stands behind its length. */
const boundTo = (keyId: string, owner: CookieOwner): Buffer =>
  Buffer.concat([Buffer.from(`${version}${String.fromCharCode(keyId.length)}${keyId}`), ownerBytes(owner)]);

const ownerBytes = ({ zoneId, sessionId }: CookieOwner): Buffer =>
  Buffer.from(sessionId === null ? zoneId : zoneId + sessionId, 'hex');

const whomOf = (owner: CookieOwner): Buffer => {
  const bytes = ownerBytes(owner);
  const whom = Buffer.alloc(whomBytes);
  for (let i = 0; i < bytes.length; i += 1) (whom[i % whomBytes] as number) ^= bytes[i] as number;
  return whom;
};
