/**
 * What Grafana reads at its start, read as Grafana does: data sources and dashboard providers from YAML with $VARIABLES of the
 * environment, dashboards from the providers' folders. Throws where Grafana would refuse, and, as no person looks at what
 * is drawn here, where a panel names a data source that nobody has provisioned.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url?: string;
  readonly jsonData?: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title?: string;
  readonly datasource?: { readonly type?: string; readonly uid?: string } | null;
  readonly targets?: readonly Panel[];
  readonly panels?: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating?: {
    readonly list?: readonly { readonly name: string; readonly type: string; readonly query?: unknown }[];
  };
}

interface Provider {
  readonly name: string;
  readonly type: string;
  readonly options: { readonly path: string };
}

export interface Provisioned {
  readonly dataSources: readonly DataSource[];
  readonly dashboards: readonly Dashboard[];
}

const filesOf = (folder: string, endings: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.test(name))
    .map((name) => join(folder, name));

const expanded = (text: string, path: string): string =>
  text.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced?: string, bare?: string) => {
    const value = process.env[braced ?? bare ?? ''];
    if (value === undefined) throw new Error(`${path}: the environment has no ${braced ?? bare}`);
    return value;
  });

const listsOf = <T>(folder: string, key: string): T[] =>
  filesOf(folder, /\.ya?ml$/).flatMap((path) => {
    const document = parse(expanded(readFileSync(path, 'utf8'), path)) as Record<string, unknown>;
    const list = document[key];
    if (document['apiVersion'] !== 1 || !Array.isArray(list))
      throw new Error(`${path}: no ${key} of apiVersion 1`);
    return list as T[];
  });

const unique = (what: string, values: readonly string[]): void => {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw new Error(`two ${what} are called ${twice}`);
};

const readDashboard = (path: string): Dashboard => {
  const dashboard = JSON.parse(readFileSync(path, 'utf8')) as Dashboard;
  for (const key of ['uid', 'title'] as const)
    if (typeof dashboard[key] !== 'string' || dashboard[key] === '') throw new Error(`${path}: no ${key}`);
  if (dashboard.uid.length > 40) throw new Error(`${path}: the uid is longer than 40 characters`);
  if (!Array.isArray(dashboard.panels)) throw new Error(`${path}: no panels`);
  return dashboard;
};

const referencesOf = (panels: readonly Panel[]): string[] =>
  panels.flatMap((panel) => [
    ...(panel.datasource?.uid === undefined ? [] : [panel.datasource.uid]),
    ...referencesOf(panel.targets ?? []),
    ...referencesOf(panel.panels ?? []),
  ]);

/** A reference is the uid of a source, one of Grafana's own, or a variable that lists sources of a type. */
const checkReferences = (dashboard: Dashboard, sources: readonly DataSource[]): void => {
  const variables = dashboard.templating?.list ?? [];
  for (const uid of new Set(referencesOf(dashboard.panels))) {
    if (uid.startsWith('-- ') || uid === 'grafana' || sources.some((source) => source.uid === uid)) continue;
    const name = /^\$\{?(\w+)\}?$/.exec(uid)?.[1];
    const variable = variables.find((each) => each.name === name && each.type === 'datasource');
    if (sources.some((source) => source.type === variable?.query)) continue;
    throw new Error(`dashboard ${dashboard.uid}: no data source ${uid}`);
  }
};

/** `folder` is /etc/grafana/provisioning. */
export const readProvisioning = (folder: string): Provisioned => {
  const dataSources = listsOf<DataSource>(join(folder, 'datasources'), 'datasources');
  unique(
    'data sources',
    dataSources.map(({ uid }) => uid),
  );
  unique(
    'data sources',
    dataSources.map(({ name }) => name),
  );
  const providers = listsOf<Provider>(join(folder, 'dashboards'), 'providers');
  unique(
    'providers',
    providers.map(({ name }) => name),
  );
  const dashboards = providers.flatMap(({ options }) => filesOf(options.path, /\.json$/)).map(readDashboard);
  unique(
    'dashboards',
    dashboards.map(({ uid }) => uid),
  );
  unique(
    'dashboards',
    dashboards.map(({ title }) => title),
  );
  for (const dashboard of dashboards) checkReferences(dashboard, dataSources);
  return { dataSources, dashboards };
};
