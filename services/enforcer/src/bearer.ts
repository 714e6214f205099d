/** The token that gateways show, in whatever header their interface has it. */
import { hash, timingSafeEqual } from 'node:crypto';
import { ErrorCode, InputError } from '@precede/contracts';

/** Throws InputError unless what was shown is the token. */
export type BearerCheck = (shown: string | undefined) => void;

/** Digests are compared, so that neither length nor content shows in the time it takes. Empty: none is asked for. */
export const bearerCheck = (token: string): BearerCheck => {
  if (token === '') return () => {};
  const expected = hash('sha256', `Bearer ${token}`, 'buffer');
  return (shown) => {
    if (!timingSafeEqual(hash('sha256', shown ?? '', 'buffer'), expected))
      throw new InputError('', 'the bearer token is missing or wrong', ErrorCode.unauthorized);
  };
};
