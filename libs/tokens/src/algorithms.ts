/**
 * Signatures that a token configuration may allow: asymmetric ones alone. With an HMAC whoever can verify can forge, and
 * a public key taken for its secret is an old attack; `none` proves nothing.
 */
export const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

const known: ReadonlySet<string> = new Set(tokenAlgorithms);

export const isTokenAlgorithm = (text: string): text is TokenAlgorithm => known.has(text);
