/** Public keys of one issuer, ready to verify with; immutable, so that what was verified with it can point to it. */
import { createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import type { JsonWebKey } from '@precede/contracts';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** More keys than this are no key set of an issuer: refused whole. */
export const maxKeys = 64;

export interface KeySet {
  /** The keys as text, equal for equal keys. */
  readonly text: string;
  /** The key that a token names, by algorithm, kid, use and operations. */
  readonly find: JWTVerifyGetKey;
}

/** Who has the keys of a configuration. */
export interface KeySource {
  /** Undefined: none are there yet, or none any more. Never waits. */
  current(): KeySet | undefined;
  /** Tells that a token asks for a key that is not among them. */
  missed(): void;
  /** Resolves once there has been one attempt to have keys. */
  attempted(): Promise<void>;
}

const kinds: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP']);

/** What is wrong with a key that a person gave, or null. */
export const keyFault = (key: JsonWebKey): string | null => {
  if (!kinds.has(key['kty'])) return 'a key has kty RSA, EC or OKP';
  if (key['d'] !== undefined) return 'this is a private key: give the public one, and make a new pair';
  try {
    const bits = createPublicKey({ key, format: 'jwk' } as JsonWebKeyInput).asymmetricKeyDetails
      ?.modulusLength;
    return bits === undefined || bits >= 2048 ? null : 'an RSA key has at least 2048 bits';
  } catch {
    return 'this is not a public key as RFC 7517 writes it';
  }
};

/** Passes over keys that can verify no asymmetric signature. */
export const createKeySet = (keys: readonly JsonWebKey[]): KeySet => {
  const usable = keys.filter(({ kty }) => kinds.has(kty));
  const find = createLocalJWKSet({ keys: usable } as unknown as JSONWebKeySet);
  return { text: JSON.stringify(usable), find };
};

/** The keys of a key set (RFC 7517, 5) as JSON; null: it is none. */
export const parseKeySet = (json: string): KeySet | null => {
  try {
    const keys = (JSON.parse(json) as { readonly keys?: unknown } | null)?.keys;
    return isListOfKeys(keys) ? createKeySet(keys) : null;
  } catch {
    return null;
  }
};

const isListOfKeys = (keys: unknown): keys is readonly JsonWebKey[] =>
  Array.isArray(keys) &&
  keys.length <= maxKeys &&
  keys.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each));

/** Keys that a configuration has inline. */
export const inlineKeys = (keys: readonly JsonWebKey[]): KeySource => {
  const set = createKeySet(keys);
  return { current: () => set, missed: () => {}, attempted: async () => {} };
};
