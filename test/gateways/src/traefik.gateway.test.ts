/** Traefik asking by forwardAuth. */
import { describeGateway } from './gateway-contract.ts';
import { traefik } from './gateways.ts';

describeGateway(traefik);
