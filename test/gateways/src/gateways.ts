/** The gateways, each with its shipped configuration, its command, and what it can do. */
import type { GatewayName } from './gateway-binaries.ts';
import type { GatewayKind } from './gateway-process.ts';

export interface Features {
  /** Denials of 500 and more keep their status. */
  readonly has5xxDenials: boolean;
  /** The enforcer sees bodies. */
  readonly hasBodies: boolean;
  readonly hasHttpVersion: boolean;
  /** The enforcer sees repeated headers as one. */
  readonly joinsHeaders: boolean;
  /** What is answered where the enforcer says that it cannot decide, where it is slow, and where it is dead. */
  readonly failed: Failed;
}

export interface Failed {
  readonly undecided: number;
  readonly slow: number;
  readonly dead: number;
}

export interface Gateway {
  readonly name: string;
  readonly binary: GatewayName;
  readonly kind: Omit<GatewayKind, 'binary'>;
  readonly features: Features;
}

const envoyArgs = (file: string): string[] => [
  ...['-c', file, '--use-dynamic-base-id'],
  ...['--log-level', 'warn', '--concurrency', '1'],
];

export const envoyGrpc: Gateway = {
  name: 'Envoy, ext_authz over gRPC',
  binary: 'envoy',
  kind: {
    files: ['envoy/grpc.yaml'],
    args: envoyArgs,
  },
  features: {
    has5xxDenials: true,
    hasBodies: true,
    hasHttpVersion: true,
    joinsHeaders: false,
    failed: { undecided: 503, slow: 503, dead: 503 },
  },
};

export const envoyHttp: Gateway = {
  name: 'Envoy, ext_authz over HTTP',
  binary: 'envoy',
  kind: {
    files: ['envoy/http.yaml'],
    args: envoyArgs,
  },
  features: {
    has5xxDenials: false,
    hasBodies: true,
    hasHttpVersion: false,
    joinsHeaders: true,
    failed: { undecided: 503, slow: 503, dead: 503 },
  },
};

export const nginx: Gateway = {
  name: 'nginx, auth_request',
  binary: 'nginx',
  kind: {
    files: ['nginx/precede.conf'],
    args: (file, dir) => ['-c', file, '-p', dir, '-e', 'stderr', '-g', `daemon off; pid ${dir}/nginx.pid;`],
    // Debian's nginx writes below /var otherwise, and as another user than the one that made the directory.
    adapt: (text, dir) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const lines = paths.map((each) => `${each}_temp_path ${dir}/${each};`).join(' ');
      const started = process.getuid?.() === 0 ? `user root;\n${text}` : text;
      return started.replace('http {', `http { access_log off; ${lines}`);
    },
  },
  features: {
    has5xxDenials: true,
    hasBodies: false,
    hasHttpVersion: true,
    joinsHeaders: false,
    failed: { undecided: 500, slow: 500, dead: 500 },
  },
};

export const traefik: Gateway = {
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
};

export const caddy: Gateway = {
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
};

export const gateways: readonly Gateway[] = [envoyGrpc, envoyHttp, nginx, traefik, caddy];
