/** Caddy asking by forward_auth. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'Caddy, forward_auth',
  binary: 'caddy',
  kind: {
    files: ['caddy/Caddyfile'],
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
  features: {
    has5xxDenials: true,
    hasBodies: false,
    hasHttpVersion: false,
    joinsHeaders: false,
    failed: { undecided: 503, slow: 504, dead: 502 },
  },
});
