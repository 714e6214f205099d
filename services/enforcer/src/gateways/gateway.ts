/**
 * What every interface for gateways has in common: the function that decides, and the token that a gateway shows. An
 * interface reads a request into a GatewayRequest, asks, and renders the decision; it decides nothing itself.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { ErrorCode, InputError } from '@precede/contracts';
import type { Decide } from '../pipeline.ts';
import type { CountGateway } from './gateway-metrics.ts';

export interface GatewayDeps {
  /** Throws, or rejects with, InputError and UnavailableError where no decision can be made and the gateway shall choose. */
  readonly decide: Decide;
  /** Empty: none is asked for. */
  readonly token: string;
  readonly count: CountGateway;
}

/** Throws InputError unless what was shown is the expected text. */
export type TokenCheck = (shown: string | undefined) => void;

/** Digests are compared, so that neither length nor content shows in the time it takes. */
export const tokenCheck = (expected: string): TokenCheck => {
  if (expected === '') return () => {};
  const digest = hash('sha256', expected, 'buffer');
  return (shown) => {
    if (shown === undefined || !timingSafeEqual(hash('sha256', shown, 'buffer'), digest))
      throw new InputError('', 'the token of the gateway is missing or wrong', ErrorCode.unauthorized);
  };
};
