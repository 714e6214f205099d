/** Envoy asking over gRPC. */
import { describeGateway } from './gateway-contract.ts';
import { envoyGrpc } from './gateways.ts';

describeGateway(envoyGrpc);
