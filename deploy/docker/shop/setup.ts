/**
 * Makes the sample shop known to Precede, by its management API: zone, operations, what names a session, and that the
 * enforcer feeds the scores from the requests it is asked about. May run any number of times.
 */
import { host, operations, zone } from './journeys.ts';

const url = process.env['PRECEDE_URL'] ?? 'http://127.0.0.1:8080';
const token = process.env['PRECEDE_TOKEN'] ?? '';

const call = async (method: string, path: string, body: object): Promise<void> => {
  const response = await fetch(`${url}/client/v4${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};

await call('POST', '/zones', zone);
await call('PATCH', `/zones/${zone.id}`, { requests_origin: 'enforcer' });
for (const operation of operations)
  await call('POST', `/zones/${zone.id}/api_gateway/operations/item`, { ...operation, host });
await call('PUT', `/zones/${zone.id}/api_gateway/configuration`, {
  auth_id_characteristics: [{ type: 'cookie', name: 'sid' }],
});
process.stdout.write(
  `zone ${zone.name} (${zone.id}) is set up: ${operations.length} operations of ${host}\n`,
);
