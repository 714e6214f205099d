/** Traffic that moves every counter that can be moved from outside: what is well, what is denied, what is faulty. */
import type { EmbeddedDeployment, TestValkey } from '@precede/testkit';
import { host } from './live-zone.ts';

const foreign = 'f'.repeat(32);

const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });

const event = (path: string, session: string | undefined, ageMs: number) => ({
  time: Date.now() - ageMs,
  method: 'GET',
  host,
  path,
  ...(session === undefined ? {} : { session }),
});

/** Events of now, out of order, too late, ahead, without session, without operation, with faults; a body that is none. */
export const sendEvents = async (d: EmbeddedDeployment, zoneId: string): Promise<void> => {
  const to = `${d.addresses.ingest}/v1/zones/${zoneId}/events`;
  const twice = { ...event('/style2.css', 'visitor-1', 500), id: 'once' };
  await post(to, [
    ...['/style2.css', '/reset.css', '/favicon.ico'].map((path, i) =>
      event(path, 'visitor-1', 3_000 - i * 500),
    ),
    twice,
    twice,
    event('/style2.css', 'visitor-2', -60_000),
    event('/style2.css', undefined, 0),
    event('/no/such/operation/at/all', 'visitor-1', 0),
    event('/style2.css', 'visitor-1', 7_200_000),
    { ...event('/style2.css', undefined, 0), headers: { authorization: 'Bearer no.token.atall' } },
    { ...event('/style2.css', 'visitor-1', 0), method: 'NO METHOD' },
    event('/style2.css', 'visitor-1', -3_600_000),
  ]);
  await post(to, '{"time": ');
  await post(to, [{ nothing: true }]);
  await post(`${d.addresses.ingest}/v1/zones/${foreign}/events`, [event('/', 'visitor-1', 0)]);
};

const decide = (d: EmbeddedDeployment, zone_id: string, path: string, session: string): Promise<Response> =>
  post(`${d.addresses.enforcer}/v1/decide`, {
    ...{ zone_id, method: 'GET', host, path, session, scheme: 'https' },
    client_ip: '192.0.2.7',
  });

/** In order, out of order, logged, limited, of no zone; and through two interfaces of gateways. */
export const askDecisions = async (d: EmbeddedDeployment, zoneId: string): Promise<void> => {
  for (const [path, session] of [
    ['/style2.css', 'orderly'],
    ['/reset.css', 'orderly'],
    ['/reset.css', 'direct'],
    ['/robots.txt', 'robot'],
    ['/favicon.ico', 'icon'],
    ['/favicon.ico', 'icon'],
    ['/favicon.ico', 'icon'],
    ['/no/such/operation/at/all', 'lost'],
  ] as const)
    await decide(d, zoneId, path, session);
  await decide(d, foreign, '/', 'nobody');
  const forwarded = { 'x-forwarded-method': 'GET', 'x-forwarded-host': host, 'x-forwarded-proto': 'https' };
  for (const path of ['/style2.css', '/reset.css'])
    await fetch(`${d.addresses.enforcer}/v1/zones/${zoneId}/forward_auth`, {
      headers: { ...forwarded, 'x-forwarded-uri': path },
    });
  await fetch(`${d.addresses.enforcer}/v1/zones/${foreign}/ext_authz/`, { headers: {} });
};

/** A store that says nothing: the fail mode answers. */
export const askWithoutStore = async (
  d: EmbeddedDeployment,
  zoneId: string,
  { server }: TestValkey,
): Promise<void> => {
  server?.freeze();
  await decide(d, zoneId, '/style2.css', 'waiting');
  server?.thaw();
};

/** What a person does: reads, changes, and asks with a wrong token and for what is not there. */
export const manage = async (d: EmbeddedDeployment, zoneId: string): Promise<void> => {
  const api = `${d.addresses.control}/client/v4/zones`;
  await d.control('GET', `/zones/${zoneId}/api_gateway/operations`);
  await d.control('PATCH', `/zones/${zoneId}`, { fail_mode: 'error' });
  await fetch(`${api}/${zoneId}`, { headers: { authorization: 'Bearer wrong' } });
  await d.control('PATCH', `/zones/${zoneId}`, { fail_mode: 'sideways' }).catch(() => {});
};
