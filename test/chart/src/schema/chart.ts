/** The whole schema of the chart's values. */
import * as kubernetes from './kubernetes.ts';
import {
  address,
  closed,
  duration,
  flag,
  list,
  matching,
  name,
  oneOf,
  ports,
  type Schema,
  text,
  textMap,
  whole,
} from './parts.ts';
import { services } from './services.ts';
import { commonSettings } from './settings.ts';
import { authority, certificate, definitions, image, peers, pod, resources, secret } from './shared.ts';

const tls = closed({ ca: authority, clientCertificate: certificate });

const kafka = closed({
  brokers: list(matching('^(\\[[0-9a-fA-F:]+\\]|[^\\s,:/]+):[0-9]{1,5}$')),
  topicPrefix: matching('^[a-zA-Z0-9._-]*$'),
  partitions: whole(1, 1_000),
  replicationFactor: whole(1, 7),
  tls: closed({ enabled: flag, ca: authority, clientCertificate: certificate }),
  sasl: closed({
    mechanism: oneOf('none', 'plain', 'scram-sha-256', 'scram-sha-512'),
    username: text,
    password: secret,
  }),
});

const clickhouse = closed({
  url: address,
  database: text,
  username: text,
  password: secret,
  tls,
  cluster: matching('^[\\w.-]*$'),
  insertQuorum: { anyOf: [oneOf('auto'), whole(1, 9), matching('^[1-9]$')] },
  keep: closed({
    counts: duration,
    scores: duration,
    sessions: duration,
    decisions: duration,
    requests: duration,
  }),
});

const account = closed({ username: text, password: secret });
const setup = closed({
  topics: closed({ enabled: flag }),
  migrate: closed({ enabled: flag }),
  image,
  kafka: account,
  clickhouse: account,
  backoffLimit: whole(0, 100),
  timeoutSeconds: whole(1, 86_400),
  resources,
  pod,
});

const target = closed({ to: peers, ports });
const networkPolicy = closed({
  enabled: flag,
  ingress: closed({
    ingest: peers,
    enforcer: peers,
    control: peers,
    metrics: peers,
  }),
  egress: closed({
    enabled: flag,
    dns: target,
    kafka: target,
    schemaRegistry: target,
    clickhouse: target,
    valkey: target,
    tracing: target,
    tokenKeys: target,
    extra: list(closed({ to: peers, ports: { type: 'array' } })),
  }),
});

const monitor = closed({
  enabled: flag,
  labels: textMap,
  interval: matching('^([0-9]+(ms|s|m|h))*$'),
  scrapeTimeout: matching('^([0-9]+(ms|s|m|h))*$'),
  relabelings: kubernetes.relabelings,
  metricRelabelings: kubernetes.relabelings,
});

export const chartSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Values of the chart precede',
  definitions,
  ...closed({
    // Helm gives it to every chart that is a part of another.
    global: { type: 'object' },
    nameOverride: matching('^([a-z]([-a-z0-9]{0,38}[a-z0-9])?)?$'),
    fullnameOverride: matching('^([a-z]([-a-z0-9]{0,38}[a-z0-9])?)?$'),
    commonLabels: textMap,
    commonAnnotations: textMap,
    image: closed({
      registry: text,
      repository: text,
      tag: text,
      pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
      pullSecrets: list(closed({ name }, ['name'])),
    }),
    serviceAccount: closed({ create: flag, name, annotations: textMap }),
    settings: commonSettings,
    kafka,
    schemaRegistry: closed({ url: address, username: text, password: secret, tls }),
    clickhouse,
    auth: closed({ sessionKey: secret, adminToken: secret, ingestToken: secret, enforcerToken: secret }),
    tracing: closed({ endpoint: address, headers: secret }),
    pod: kubernetes.pod,
    setup,
    ...services,
    networkPolicy,
    monitoring: closed({
      runbookUrl: matching('^[^\\s"\\\\#]+$'),
      serviceMonitor: monitor,
      podMonitor: monitor,
      prometheusRule: closed({ enabled: flag, labels: textMap }),
      dashboards: closed({ enabled: flag, labels: textMap, annotations: textMap }),
    }),
    tests: closed({
      enabled: flag,
      image,
      timeoutSeconds: whole(1, 3_600),
      resources,
      pod,
    }),
  }),
};
