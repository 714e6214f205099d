/**
 * What every interface for gateways has in common. An interface reads a request into a GatewayRequest, asks, and renders
 * the decision; it decides nothing itself.
 */
import type { Decide } from '../pipeline.ts';
import type { CountGateway } from './gateway-metrics.ts';

export interface GatewayDeps {
  /** Throws, or rejects with, InputError and UnavailableError where no decision can be made and the gateway shall choose. */
  readonly decide: Decide;
  /** Empty: none is asked for. */
  readonly token: string;
  readonly count: CountGateway;
}
