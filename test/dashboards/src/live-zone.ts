/** The zone of the live test: the bundled access log moved to end now, and rules that deny, log and limit. */
import type { EmbeddedDeployment } from '@precede/testkit';
import { eventually, root, run } from '@precede/testkit';

export const host = 'www.semicomplete.com';
export const zoneName = 'web';

/** Takes the system's clock, as Prometheus does. */
export const cliEnv = (d: EmbeddedDeployment): Record<string, string> => ({ ...d.env, PRECEDE_CLOCK: '' });

export const importLog = async (d: EmbeddedDeployment): Promise<string> => {
  const file = `${root}data/apache_logs.gz`;
  const how = [
    '--format',
    'combined',
    '--session',
    'client+user-agent',
    '--host',
    host,
    '--learn-operations',
  ];
  const args = ['import', file, '--zone', zoneName, ...how, '--shift-to-now', '--wait', '--json'];
  const told = await run([...args, '--data', d.dataDir], cliEnv(d));
  return (JSON.parse(told) as { zone_id: string }).zone_id;
};

/** Only who has loaded the first may load the second; the others log and limit by expression. */
export const makeRules = async (d: EmbeddedDeployment, zoneId: string): Promise<void> => {
  const [start, end] = [`GET ${host}/style2.css`, `GET ${host}/reset.css`];
  const rule = ['rules', 'add', start, end, '--title', 'style before reset', '--zone', zoneName, '--json'];
  await run([...rule, '--data', d.dataDir], cliEnv(d));
  const phase = (name: string): string => `/zones/${zoneId}/rulesets/phases/${name}/entrypoint`;
  await d.control('PUT', phase('http_request_firewall_custom'), {
    rules: [
      {
        description: 'look at robots',
        expression: 'http.request.uri.path eq "/robots.txt"',
        action: 'log',
      },
    ],
  });
  await d.control('PUT', phase('http_request_ratelimit'), {
    rules: [
      {
        description: 'two icons a minute',
        expression: 'http.request.uri.path eq "/favicon.ico"',
        action: 'block',
        ratelimit: {
          characteristics: ['ip.src'],
          period: 60,
          requests_per_period: 2,
          mitigation_timeout: 60,
        },
      },
    ],
  });
  await tokens(d, zoneId);
  const { revision } = await d.control<{ revision: number }>('GET', `/zones/${zoneId}`);
  await eventually('the rules in the enforcer', async () => {
    const answer = await fetch(`${d.addresses.enforcer}/v1/zones/${zoneId}`);
    const inForce = (await answer.json()) as { revision?: number };
    return (inForce.revision ?? 0) >= revision ? true : undefined;
  });
};

/** A session by token, with a key that no token of the test is signed with. */
const tokens = async (d: EmbeddedDeployment, zoneId: string): Promise<void> => {
  const { id } = await d.control<{ id: string }>('POST', `/zones/${zoneId}/token_validation/config`, {
    title: 'shop',
    token_type: 'jwt',
    token_sources: ['http.request.headers["authorization"][0]'],
    credentials: {
      keys: [{ kty: 'OKP', crv: 'Ed25519', kid: '2026', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
    },
  });
  await d.control('PUT', `/zones/${zoneId}/api_gateway/configuration`, {
    auth_id_characteristics: [{ type: 'jwt', name: `${id}:$.sub` }],
  });
};
