/**
 * The keys of the sequence cookie. Rotation: put the new key first, and take the old one out an hour later, when no cookie
 * that it sealed counts any more. Put it last everywhere before it becomes the first, where several enforcers are rolled.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Field, secret } from '@precede/service';

export interface CookieKey {
  readonly keyId: string;
  readonly key: KeyObject;
}

export const maxKeyIdLength = 16;
const rule = `items ID:KEY parted by commas, ID 1 to ${maxKeyIdLength} of A-Z a-z 0-9 _ -, KEY 32 bytes as 64 hex digits, no ID twice`;
const item = /^([\w-]{1,16}):([0-9a-f]{64})$/i;
const derivedKeyId = 'session-key';
const label = 'precede sequence cookie 1';

export const cookieKeys = (meaning: string): Field<readonly CookieKey[]> => ({
  ...secret(meaning, ''),
  rule,
  parse: (value) => {
    const keys = value === '' ? [] : value.split(',').map((each) => parseItem(each.trim()));
    if (new Set(keys.map((each) => each.keyId)).size < keys.length) throw new Error(`must be ${rule}`);
    return keys;
  },
});

const parseItem = (text: string): CookieKey => {
  const [, keyId, hex] = item.exec(text) ?? [];
  if (keyId === undefined || hex === undefined) throw new Error(`must be ${rule}`);
  return { keyId, key: createSecretKey(Buffer.from(hex, 'hex')) };
};

/** The key of an installation that names none. It tells nothing of the session key, nor the other way round. */
export const derivedCookieKey = (sessionKey: Buffer): CookieKey => ({
  keyId: derivedKeyId,
  key: createSecretKey(Buffer.from(hkdfSync('sha256', sessionKey, '', label, 32))),
});
