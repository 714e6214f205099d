/** Envoy asking over gRPC. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'Envoy, ext_authz over gRPC',
  binary: 'envoy',
  kind: {
    files: ['envoy/grpc.yaml'],
    args: (file) => ['-c', file, '--use-dynamic-base-id', '--log-level', 'warn', '--concurrency', '1'],
  },
  features: {
    has5xxDenials: true,
    hasBodies: true,
    hasHttpVersion: true,
    joinsHeaders: false,
    failed: { undecided: 503, slow: 503, dead: 503 },
  },
});
