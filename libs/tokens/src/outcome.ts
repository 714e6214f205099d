/** What became of one request that was asked for a token: a closed set, the label of the metrics of its users. */
export const TokenOutcome = {
  valid: 'valid',
  /** No source of the configuration gives a text. */
  missing: 'missing',
  malformed: 'malformed',
  expired: 'expired',
  notYetValid: 'not_yet_valid',
  badSignature: 'bad_signature',
  /** No key of the configuration fits what the token says of its key. */
  unknownKey: 'unknown_key',
  wrongAlgorithm: 'wrong_algorithm',
  wrongIssuer: 'wrong_issuer',
  wrongAudience: 'wrong_audience',
  /** The token verifies, and has nothing at the path that can name a session. */
  noClaim: 'no_claim',
  /** The keys have not been loaded yet, or could not be for too long. */
  keysUnavailable: 'keys_unavailable',
} as const;
export type TokenOutcome = (typeof TokenOutcome)[keyof typeof TokenOutcome];

/** What a token says of whom it was issued to, once it is proven. */
export type Claims = Readonly<Record<string, unknown>>;

export type Verdict =
  | { readonly outcome: typeof TokenOutcome.valid; readonly claims: Claims }
  | { readonly outcome: Exclude<TokenOutcome, 'valid'>; readonly claims: null };
