/** Traefik asking by forwardAuth. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'Traefik, forwardAuth',
  binary: 'traefik',
  kind: {
    files: ['traefik/traefik.yaml', 'traefik/dynamic.yaml'],
    args: (file) => [`--configFile=${file}`],
  },
  features: {
    has5xxDenials: true,
    hasBodies: false,
    hasHttpVersion: false,
    joinsHeaders: false,
    failed: { undecided: 503, slow: 504, dead: 502 },
  },
});
