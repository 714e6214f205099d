/** The stand-in's HTTP: Grafana's routes for health, search and the health of a data source, which is asked for one value. */
import { accessSync } from 'node:fs';
import { createServer } from 'node:http';
import { type DataSource, readProvisioning } from './provisioning.ts';

const { dataSources, dashboards } = readProvisioning('/etc/grafana/provisioning');
const home = process.env['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
if (home !== undefined) accessSync(home);

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? `${value}` : '';

const answers = async (source: DataSource): Promise<boolean> => {
  const { protocol, host, port, username, defaultDatabase } = source.jsonData ?? {};
  const response =
    source.type === 'prometheus'
      ? await fetch(`${source.url}/api/v1/query?query=1`)
      : await fetch(`${text(protocol)}://${text(host)}:${text(port)}/?database=${text(defaultDatabase)}`, {
          method: 'POST',
          headers: {
            'x-clickhouse-user': text(username),
            'x-clickhouse-key': source.secureJsonData?.['password'] ?? '',
          },
          body: 'SELECT 1',
        });
  return response.ok;
};

const healthOf = async (uid: string): Promise<object | undefined> => {
  const source = dataSources.find((each) => each.uid === uid);
  if (source === undefined) return undefined;
  return (await answers(source).catch(() => false)) ? { status: 'OK' } : { status: 'ERROR' };
};

const route = async (path: string): Promise<object | undefined> => {
  if (path === '/api/health') return { database: 'ok', version: 'stand-in' };
  if (path === '/api/search') return dashboards.map(({ uid, title }) => ({ uid, title, type: 'dash-db' }));
  if (path === '/api/datasources') return dataSources.map(({ uid, name, type }) => ({ uid, name, type }));
  const uid = /^\/api\/datasources\/uid\/([\w-]+)\/health$/.exec(path)?.[1];
  return uid === undefined ? undefined : await healthOf(uid);
};

const server = createServer((request, response) => {
  void route(request.url?.split('?')[0] ?? '/').then((body) => {
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'Not found' }));
  });
});
server.listen(3000, '0.0.0.0');
process.stdout.write(
  `stand-in of Grafana: ${dataSources.length} data sources, ${dashboards.length} dashboards\n`,
);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
