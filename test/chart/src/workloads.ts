/** The pods of rendered objects, and the environment that each container starts with. */

import type { Rendered } from './helm.ts';

// biome-ignore lint/suspicious/noExplicitAny: a pod's spec; its form is what the schemas are for.
type Spec = any;

export interface Workload {
  readonly object: Rendered;
  readonly component: string;
  readonly spec: Spec;
}

export const services = ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control'] as const;

/** Everything that runs pods: the services, the jobs, the test. */
export const workloads = (objects: readonly Rendered[]): readonly Workload[] =>
  objects.flatMap((object) => {
    const spec = object.kind === 'Pod' ? object.spec : object.spec?.template?.spec;
    const component = object.metadata.labels?.['app.kubernetes.io/component'] ?? '';
    return spec?.containers === undefined ? [] : [{ object, component, spec }];
  });

/** A value for what is in a Secret that the chart does not make. */
const standIns: Readonly<Record<string, string>> = {
  PRECEDE_SESSION_KEY: 'ab'.repeat(32),
  PRECEDE_ENFORCER_VALKEY_URL: 'rediss://valkey.example.com:6379',
  PRECEDE_ENFORCER_COOKIE_KEYS: `k1:${'cd'.repeat(32)}`,
};
const pem = (label: string): string => `-----BEGIN ${label}-----\nbm90IG9uZQ==\n-----END ${label}-----\n`;
const standIn = (name: string): string => {
  if (/_TLS_(CA|CERT)$/.test(name)) return pem('CERTIFICATE');
  if (name.endsWith('_TLS_KEY')) return pem('PRIVATE KEY');
  return standIns[name] ?? 'secret-of-twenty-four-chars';
};

const decode = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

/** As the kubelet makes it: ConfigMaps first, single variables over them. */
export const environmentOf = (
  { spec }: Workload,
  objects: readonly Rendered[],
): Readonly<Record<string, string>> => {
  const [container] = spec.containers as Spec[];
  const find = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name)?.data;
  const env: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? [])
    Object.assign(env, find('ConfigMap', configMapRef.name));
  for (const { name, value, valueFrom } of container.env ?? []) {
    const secret = valueFrom?.secretKeyRef;
    const own = secret === undefined ? undefined : find('Secret', secret.name)?.[secret.key];
    env[name] = value ?? (own === undefined ? standIn(name) : decode(own));
  }
  return env;
};
