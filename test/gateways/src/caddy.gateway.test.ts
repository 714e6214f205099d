/** Caddy asking by forward_auth. */
import { describeGateway } from './gateway-contract.ts';
import { caddy } from './gateways.ts';

describeGateway(caddy);
