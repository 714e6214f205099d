/** Envoy asking over gRPC. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'Envoy, ext_authz over gRPC',
  binary: 'envoy',
  kind: {
    files: ['envoy/grpc.yaml'],
    args: (file) => ['-c', file, '--use-dynamic-base-id', '--log-level', 'warn', '--concurrency', '1'],
  },
  features: { has5xxDenials: true, hasBodies: true, hasHttpVersion: true, failedStatus: 503 },
});
