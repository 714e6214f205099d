/** An enforcer whose decisions are by path, so that a test names the one it wants. All of its interfaces are the real ones. */
import { ErrorCode, UnavailableError, type ZoneId } from '@precede/contracts';
import {
  createGatewayMetrics,
  type Decision,
  type GatewayRequest,
  gatewayRoutes,
  startExtAuthz,
} from '@precede/enforcer';
import { buildHttp, createHealth, createLogger, listen, noTracing } from '@precede/service';
import { Registry } from 'prom-client';

export const token = 'token of the gateway';
export const zone = '0123456789abcdef0123456789abcdef' as ZoneId;
export const cookie = '__Host-precede_seq=abc; Path=/; Max-Age=3600; Secure; HttpOnly';

export interface Seen {
  readonly zoneId: ZoneId | null;
  readonly request: GatewayRequest;
}

export interface StandIn {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** What was decided on. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

export const startStandIn = async (): Promise<StandIn> => {
  const seen: Seen[] = [];
  const logger = createLogger('enforcer', 'silent');
  const health = createHealth();
  const registry = new Registry();
  const decide = (zoneId: ZoneId | null, request: GatewayRequest): Decision => {
    seen.push({ zoneId, request });
    return decisionOn(request);
  };
  const app = buildHttp({ logger, health, registry });
  const count = createGatewayMetrics(registry);
  gatewayRoutes(app, { decide, token, count, maxBodyBytes: 1_048_576 });
  const address = await listen(app, '127.0.0.1', 0);
  const grpc = await startExtAuthz(
    { decide, token, count, logger, health, tracing: noTracing },
    { host: '127.0.0.1', port: 0, maxMessageBytes: 1_048_576 },
  );
  return {
    httpPort: Number(new URL(address).port),
    grpcPort: grpc.port,
    seen,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
      await grpc.close();
    },
  };
};

const allow: Decision = {
  ...{ decision: 'allow', action: null, decisionId: 'decision', ruleId: null, ruleSource: null },
  ...{ reason: 'It may pass.', operation: null, logged: [], hasSession: false },
  ...{ response: null, requestHeaders: [], setCookie: null, failed: null },
};

const deny = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  setCookie: string | null = null,
): Decision => ({
  ...allow,
  ...{ decision: 'deny', action: 'block', setCookie },
  response: { status, headers: [...Object.entries(headers), ['x-precede-decision', 'decision']], body },
});

const decisionOn = ({ path }: GatewayRequest): Decision => {
  const [name = '', query = ''] = path.split('?');
  switch (name) {
    case '/log':
      return { ...allow, action: 'log', logged: ['rule'] };
    case '/block':
      return deny(451, { 'content-type': 'application/problem+json' }, '{"title":"Nicht erlaubt – größer"}');
    case '/block-503':
      return deny(503, { 'content-type': 'text/plain' }, 'closed');
    case '/block-large':
      return deny(403, { 'content-type': 'text/plain' }, 'x'.repeat(20_000));
    case '/limit':
      return {
        ...deny(429, { 'retry-after': '7', 'content-type': 'text/plain' }, 'slow down'),
        action: 'limit',
      };
    case '/redirect':
      return { ...deny(302, { location: `https://other.example/target?${query}` }, ''), action: 'redirect' };
    case '/redirect-here':
      return { ...deny(308, { location: `/target?${query}` }, ''), action: 'redirect' };
    case '/deny-cookie':
      return deny(403, { 'content-type': 'text/plain' }, 'no', cookie);
    case '/allow-cookie':
      return { ...allow, setCookie: cookie };
    case '/headers':
      return {
        ...allow,
        requestHeaders: [
          { name: 'x-tier', operation: 'set', value: 'gold' },
          { name: 'x-list', operation: 'add', value: 'added' },
          { name: 'x-seen', operation: 'remove', value: '' },
        ],
      };
    case '/header-bytes':
      return {
        ...allow,
        requestHeaders: [{ name: 'x-list', operation: 'add', value: 'gr\xc3\xb6\xc3\x9fer' }],
      };
    case '/unavailable':
      throw new UnavailableError(ErrorCode.logUnavailable, 'there is no configuration yet');
    default:
      return allow;
  }
};
