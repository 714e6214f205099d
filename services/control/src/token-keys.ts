/**
 * Keys and algorithms of token configurations. Only public keys are taken, and only algorithms whose verifier cannot sign:
 * whoever reads a configuration must not be able to forge a token. The wrong member is named.
 */
import { createPublicKey, type JsonWebKey as NodeKey } from 'node:crypto';
import type { JsonWebKey } from '@precede/contracts';
import { isTokenAlgorithm, tokenAlgorithms } from '@precede/tokens';
import { z } from 'zod';
import { isPlainObject, issue } from './parse.ts';

const minRsaBits = 2_048;

/** By type of key, or by its curve. */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA', 'Ed25519'],
};

/** Of RFC 7518: private exponents and primes, and symmetric keys. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
/** All others are left out: certificates and thumbprints are not looked at. */
const keptMembers = ['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'n', 'e', 'x', 'y'];

export const algorithm = z.string().superRefine((name, context) => {
  if (!isTokenAlgorithm(name)) context.addIssue(issue('algorithmRefused', refusalOf(name)));
});

const refusalOf = (name: string): string => {
  if (name.toLowerCase() === 'none') return 'none is no signature: anybody could make such tokens';
  if (/^HS\d+$/i.test(name)) return 'HMAC is symmetric: whoever can verify can forge';
  return `is not one of ${tokenAlgorithms.join(', ')}`;
};

const kindOf = (key: JsonWebKey): string => String(key['kty'] === 'RSA' ? 'RSA' : key['crv']);

/** What a key verifies: its `alg`, else the first of its type. */
export const algorithmOf = (key: JsonWebKey): string =>
  typeof key['alg'] === 'string' ? key['alg'] : (algorithmsOf[kindOf(key)]?.[0] ?? '');

type Found = ReturnType<typeof issue>;

export const publicKey = z
  .custom<JsonWebKey>(isPlainObject, 'must be a JSON web key')
  .transform((given, context): JsonWebKey => {
    const found = [...secretFaults(given), ...algorithmFaults(given)];
    const all = found.length > 0 ? found : keyFaults(given);
    for (const each of all) context.addIssue(each);
    return Object.fromEntries(Object.entries(given).filter(([name]) => keptMembers.includes(name)));
  });

const secretFaults = (key: JsonWebKey): readonly Found[] => [
  ...(key['kty'] === 'oct' ? [issue('keyNotPublic', 'oct is a symmetric key', ['kty'])] : []),
  ...secretMembers
    .filter((name) => Object.hasOwn(key, name))
    .map((name) =>
      issue('keyNotPublic', 'is secret: give the public key alone, and draw a new pair', [name]),
    ),
];

const algorithmFaults = (key: JsonWebKey): readonly Found[] => {
  const name = key['alg'];
  if (name === undefined) return [];
  if (typeof name !== 'string') return [issue('algorithmRefused', 'must be a text', ['alg'])];
  if (!isTokenAlgorithm(name)) return [issue('algorithmRefused', refusalOf(name), ['alg'])];
  if (algorithmsOf[kindOf(key)]?.includes(name) === false)
    return [issue('algorithmRefused', `is no algorithm of a key of ${kindOf(key)}`, ['alg'])];
  return [];
};

const keyFaults = (key: JsonWebKey): readonly Found[] => {
  const { kid, use } = key;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256))
    return [issue('keyInvalid', 'must be a text of at most 256 characters', ['kid'])];
  if (use !== undefined && use !== 'sig')
    return [issue('keyInvalid', 'must be "sig": the key has to verify signatures', ['use'])];
  if (algorithmsOf[kindOf(key)] === undefined)
    return [issue('keyInvalid', 'must be a key of RSA, P-256, P-384, P-521 or Ed25519', ['kty'])];
  return materialFaults(key);
};

/** Asked of the library that will verify with it. */
const materialFaults = (key: JsonWebKey): readonly Found[] => {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as NodeKey, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength ?? minRsaBits;
    if (bits >= minRsaBits) return [];
    return [issue('keyInvalid', `has ${bits} bits; at least ${minRsaBits} are needed`, ['n'])];
  } catch {
    return [issue('keyInvalid', 'its numbers make no public key')];
  }
};
