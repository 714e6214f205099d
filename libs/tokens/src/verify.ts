/**
 * The part of a verification that stays true while the keys are the same: form, algorithm, signature, issuer, audience.
 * jose does it; the times are left to the caller, who may ask about another moment later.
 */
import type { TokenConfiguration } from '@precede/contracts';
import { errors, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { KeySet } from './key-set.ts';
import { type Claims, TokenOutcome } from './outcome.ts';

/** Longer tokens are malformed without being looked at. */
export const maxTokenBytes = 16_384;
/** Keys tried for a token that names none: each costs a verification. */
const maxTries = 8;

export interface Proven {
  readonly outcome: TokenOutcome;
  /** Signed by the issuer; null unless the outcome is valid. */
  readonly claims: Claims | null;
  /** Other keys might change the outcome. */
  readonly lacksKey: boolean;
}

export const verifyOptionsOf = (config: TokenConfiguration): JWTVerifyOptions => ({
  algorithms: [...config.algorithms],
  ...(config.issuer === null ? {} : { issuer: config.issuer }),
  ...(config.audience === null ? {} : { audience: config.audience }),
});

/** Never rejects. */
export const proveToken = async (token: string, keys: KeySet, options: JWTVerifyOptions): Promise<Proven> => {
  try {
    const { payload } = await jwtVerify(token, keys.find, options);
    return proven(payload);
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return proveByAny(token, error, options);
    return provenByTimes(error) ?? failed(outcomeOf(error));
  }
};

/** A token without kid, while the issuer has several keys that it may have used. */
const proveByAny = async (
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<Proven> => {
  let tries = 0;
  for await (const key of candidates) {
    tries += 1;
    if (tries > maxTries) break;
    const result = await proveToken(token, { text: '', find: async () => key }, options);
    if (result.outcome !== TokenOutcome.badSignature) return result;
  }
  // The key it was signed with may be one that has come since.
  return { outcome: TokenOutcome.badSignature, claims: null, lacksKey: true };
};

const proven = (claims: Claims): Proven => ({ outcome: TokenOutcome.valid, claims, lacksKey: false });

const failed = (outcome: TokenOutcome): Proven => ({
  outcome,
  claims: null,
  lacksKey: outcome === TokenOutcome.unknownKey,
});

/** jose looks at the times last: what fails by them alone is the issuer's. */
const provenByTimes = (error: unknown): Proven | null => {
  const isTimes =
    error instanceof errors.JWTExpired ||
    (error instanceof errors.JWTClaimValidationFailed &&
      error.claim === 'nbf' &&
      error.reason === 'check_failed');
  return isTimes ? proven(error.payload) : null;
};

const outcomeOf = (error: unknown): TokenOutcome => {
  if (error instanceof errors.JWSSignatureVerificationFailed) return TokenOutcome.badSignature;
  if (error instanceof errors.JOSEAlgNotAllowed) return TokenOutcome.wrongAlgorithm;
  if (error instanceof errors.JWTClaimValidationFailed) return claimOutcomes.get(error.claim) ?? malformed;
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return malformed;
  if (error instanceof errors.JOSENotSupported) return malformed;
  // No key fits, or the one that does is no good: too short, private, not on its curve.
  return TokenOutcome.unknownKey;
};

const { malformed } = TokenOutcome;

const claimOutcomes: ReadonlyMap<string, TokenOutcome> = new Map([
  ['iss', TokenOutcome.wrongIssuer],
  ['aud', TokenOutcome.wrongAudience],
]);
