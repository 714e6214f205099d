/** The values of the five services. */
import * as kubernetes from './kubernetes.ts';
import {
  address,
  closed,
  flag,
  list,
  matching,
  name,
  oneOf,
  port,
  type Schema,
  text,
  textMap,
  whole,
} from './parts.ts';
import { serviceSettings } from './settings.ts';
import { authority, image, pod, probes, resources, secret } from './shared.ts';

const service = (more: Readonly<Record<string, Schema>> = {}): Schema =>
  closed({ type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'), port, annotations: textMap, ...more });

const drainSeconds = whole(0, 600);

const common = (service: keyof typeof serviceSettings): Readonly<Record<string, Schema>> => ({
  enabled: flag,
  settings: serviceSettings[service],
  image,
  drainSeconds,
  resources,
  probes,
  pod,
});

const keda = (more: Readonly<Record<string, Schema>> = {}): Readonly<Record<string, Schema>> => ({
  keda: closed({
    enabled: flag,
    lagThreshold: whole(1, 1_000_000_000),
    pollingInterval: whole(1, 3_600),
    triggers: kubernetes.metrics,
    behavior: kubernetes.behavior,
    ...more,
  }),
});

const many = (lag: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> => ({
  replicas: whole(0, 1_000),
  strategy: kubernetes.strategy,
  podDisruptionBudget: closed({ enabled: flag, maxUnavailable: kubernetes.countOrShare }),
  autoscaling: closed({
    minReplicas: whole(1, 1_000),
    maxReplicas: whole(1, 1_000),
    hpa: closed({
      enabled: flag,
      targetCPUUtilizationPercentage: whole(1, 1_000),
      metrics: kubernetes.metrics,
      behavior: kubernetes.behavior,
    }),
    ...lag,
  }),
});

const exposed: Readonly<Record<string, Schema>> = {
  ingress: closed({
    enabled: flag,
    className: text,
    annotations: textMap,
    hosts: list(closed({ host: text, path: matching('^/') }, ['host'])),
    tls: list(closed({ secretName: text, hosts: list(text) })),
  }),
  httpRoute: closed({
    enabled: flag,
    annotations: textMap,
    parentRefs: list(
      closed({ name, namespace: name, sectionName: name, port, kind: text, group: text }, ['name']),
    ),
    hostnames: list(text),
    timeout: matching('^([0-9]+(ms|s|m|h))*$'),
  }),
};

const persistence = closed({
  enabled: flag,
  size: matching('^[0-9.]+([KMGT]i?)?$'),
  storageClassName: text,
  accessModes: list(oneOf('ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany')),
});

export const services: Readonly<Record<keyof typeof serviceSettings, Schema>> = {
  ingest: closed({ ...common('ingest'), ...many({}), ...exposed, service: service() }),
  sessionizer: closed({ ...common('sessionizer'), ...many(keda()), service: service() }),
  scorer: closed({ ...common('scorer'), ...many(keda({ prometheusAddress: address })), service: service() }),
  enforcer: closed({
    ...common('enforcer'),
    ...many({}),
    service: service({ grpcPort: port }),
    persistence,
    valkey: closed({ url: secret, password: secret, ca: authority }),
    cookieKeys: secret,
  }),
  control: closed({
    ...common('control'),
    ...exposed,
    service: service(),
    urls: closed({
      ingest: matching('^(https?://\\S+)?$'),
      enforcer: matching('^(https?://\\S+)?$'),
      clickhouse: matching('^(https?://\\S+)?$'),
    }),
  }),
};
