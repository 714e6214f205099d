/** Envoy asking over HTTP. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'Envoy, ext_authz over HTTP',
  binary: 'envoy',
  kind: {
    files: ['envoy/http.yaml'],
    args: (file) => ['-c', file, '--use-dynamic-base-id', '--log-level', 'warn', '--concurrency', '1'],
  },
  features: {
    has5xxDenials: false,
    hasBodies: true,
    hasHttpVersion: false,
    joinsHeaders: true,
    failed: { undecided: 503, slow: 503, dead: 503 },
  },
});
