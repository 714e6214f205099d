/** Traffic for the alerts: a zone with two operations, what clients of it send, and what gateways ask. */
import { eventually, type KafkaDeployment } from '@precede/testkit';

const host = 'shop.example.com';
const paths = ['/cart', '/checkout'];

export interface Shop {
  readonly zoneId: string;
  /** The status of ingest's answer. */
  send(events: readonly unknown[]): Promise<number>;
  /** The status of the enforcer's answer, asked over an interface. */
  ask(path: string, session: string, zoneId?: string): Promise<number>;
}

export const event = (session: string, timeMs = Date.now(), n = 0): Record<string, unknown> => ({
  time: timeMs,
  method: 'GET',
  host,
  path: paths[n % paths.length],
  session,
});

export const openShop = async (deployment: KafkaDeployment): Promise<Shop> => {
  const { id: zoneId } = await deployment.control<{ id: string }>('POST', '/zones', { name: host });
  await deployment.control(
    'POST',
    `/zones/${zoneId}/api_gateway/operations`,
    paths.map((endpoint) => ({ method: 'GET', host, endpoint })),
  );
  await deployment.control('PUT', `/zones/${zoneId}/api_gateway/configuration`, {
    auth_id_characteristics: [{ type: 'cookie', name: 'sid' }],
  });
  const { revision } = await deployment.control<{ revision: number }>('GET', `/zones/${zoneId}`);
  const [ingest, enforcer] = [deployment.addressOf('ingest'), deployment.addressOf('enforcer')];
  for (const address of [ingest, enforcer])
    await eventually('the zone is known', async () => {
      const known = (await (await fetch(`${address}/v1/zones/${zoneId}`)).json()) as { revision: number };
      return known.revision >= revision ? true : undefined;
    });
  return {
    zoneId,
    send: (events) => post(`${ingest}/v1/zones/${zoneId}/events`, events),
    ask: (path, session, zone = zoneId) =>
      statusOf(`${enforcer}/v1/zones/${zone}/forward_auth`, {
        headers: {
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'https',
          'x-forwarded-for': '192.0.2.1',
          'x-forwarded-host': host,
          'x-forwarded-uri': path,
          cookie: `sid=${session}`,
        },
      }),
  };
};

const post = (url: string, body: unknown): Promise<number> =>
  statusOf(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** 0: no answer in time. */
const statusOf = async (url: string, init: RequestInit): Promise<number> => {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(40_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
};
