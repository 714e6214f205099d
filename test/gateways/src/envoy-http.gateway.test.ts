/** Envoy asking over HTTP. */
import { describeGateway } from './gateway-contract.ts';
import { envoyHttp } from './gateways.ts';

describeGateway(envoyHttp);
