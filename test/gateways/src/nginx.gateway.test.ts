/** nginx asking by auth_request. */
import { describeGateway } from './gateway-contract.ts';
import { nginx } from './gateways.ts';

describeGateway(nginx);
