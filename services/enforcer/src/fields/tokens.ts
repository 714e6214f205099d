/**
 * Claims of the tokens that verified, by the id of their token configuration. A claim of another type than RFC 7519
 * gives it is none.
 */
import { fromText, type Value } from '@precede/rules';
import type { FieldContext, FieldReaders } from './context.ts';

type Claims = Readonly<Record<string, unknown>>;
type ReadClaims = (claims: Claims) => readonly Value[];

const none: readonly never[] = Object.freeze([]);

const listsOf = ({ claims }: FieldContext, read: ReadClaims): ReadonlyMap<string, readonly Value[]> => {
  const lists = new Map<string, readonly Value[]>();
  for (const [id, each] of claims) {
    const found = read(each);
    if (found.length > 0) lists.set(fromText(id), found);
  }
  return lists;
};

const textsOf = (claim: unknown): readonly string[] => (typeof claim === 'string' ? [fromText(claim)] : none);

const audienceOf = (claim: unknown): readonly string[] =>
  Array.isArray(claim) ? claim.flatMap(textsOf) : textsOf(claim);

/** Times may have fractions there; rules see whole seconds. */
const secondsOf = (claim: unknown): readonly number[] => {
  const seconds = typeof claim === 'number' ? Math.floor(claim) : Number.NaN;
  // Adding 0 makes 0 of -0.
  return Number.isSafeInteger(seconds) ? [seconds + 0] : none;
};

const writeClaims: ReadClaims = (claims) => {
  try {
    return [fromText(JSON.stringify(claims))];
  } catch (error) {
    // Nested deeper than the stack: whoever signs such a token has no text of it here.
    if (error instanceof RangeError) return none;
    throw error;
  }
};

const claimReaders = (name: string, read: ReadClaims): FieldReaders => ({
  [`http.request.jwt.claims.${name}`]: (context) => listsOf(context, read),
  [`http.request.jwt.claims.${name}.names`]: (context) => [...listsOf(context, read).keys()],
  [`http.request.jwt.claims.${name}.values`]: (context) => [...listsOf(context, read).values()].flat(),
});

export const tokenReaders: FieldReaders = {
  'http.request.jwt.claims': (context) => listsOf(context, writeClaims),
  ...claimReaders('aud', (claims) => audienceOf(claims['aud'])),
  ...claimReaders('iat.sec', (claims) => secondsOf(claims['iat'])),
  ...claimReaders('iss', (claims) => textsOf(claims['iss'])),
  ...claimReaders('jti', (claims) => textsOf(claims['jti'])),
  ...claimReaders('nbf.sec', (claims) => secondsOf(claims['nbf'])),
  ...claimReaders('sub', (claims) => textsOf(claims['sub'])),
};
