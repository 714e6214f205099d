/**
 * What is written as in Kubernetes. Closed where the members are few; deeper down the API server is the one who knows,
 * and refuses what it does not.
 */
import { closed, flag, list, matching, oneOf, type Schema, text, textMap, whole } from './parts.ts';

const open: Schema = { type: 'object' };
const quantity: Schema = {
  anyOf: [{ type: 'number' }, matching('^[0-9.]+([eE][0-9]+|m|k|M|G|T|P|E|[KMGTPE]i)?$')],
};
const quantities: Schema = { type: 'object', additionalProperties: quantity };

export const resources: Schema = closed({ requests: quantities, limits: quantities, claims: list(open) });
export const countOrShare: Schema = { anyOf: [whole(0, 10_000), matching('^[0-9]+%$')] };

export const strategy: Schema = closed({
  type: oneOf('RollingUpdate', 'Recreate'),
  rollingUpdate: {
    anyOf: [closed({ maxSurge: countOrShare, maxUnavailable: countOrShare }), { type: 'null' }],
  },
});

const probe: Schema = closed({
  httpGet: open,
  exec: open,
  grpc: open,
  tcpSocket: open,
  initialDelaySeconds: whole(0, 3_600),
  periodSeconds: whole(1, 3_600),
  timeoutSeconds: whole(1, 600),
  successThreshold: whole(1, 100),
  failureThreshold: whole(1, 1_000),
  terminationGracePeriodSeconds: whole(1, 3_600),
});
export const probes: Schema = closed({ startup: probe, liveness: probe, readiness: probe });

export const tolerations: Schema = list(
  closed({
    key: text,
    operator: oneOf('Exists', 'Equal', 'Lt', 'Gt'),
    value: text,
    effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    tolerationSeconds: { type: 'integer' },
  }),
);

export const topologySpread: Schema = list(
  closed(
    {
      topologyKey: text,
      maxSkew: whole(1, 1_000),
      minDomains: whole(1, 1_000),
      whenUnsatisfiable: oneOf('ScheduleAnyway', 'DoNotSchedule'),
      nodeAffinityPolicy: oneOf('Honor', 'Ignore'),
      nodeTaintsPolicy: oneOf('Honor', 'Ignore'),
      matchLabelKeys: list(text),
    },
    ['topologyKey', 'maxSkew', 'whenUnsatisfiable'],
  ),
);

export const affinity: Schema = closed({ nodeAffinity: open, podAffinity: open, podAntiAffinity: open });

const user = { anyOf: [whole(0, 4_294_967_295), { type: 'null' }] };
const shared = {
  runAsNonRoot: flag,
  runAsUser: user,
  runAsGroup: user,
  seccompProfile: open,
  appArmorProfile: open,
  seLinuxOptions: open,
  windowsOptions: open,
};
export const podSecurityContext: Schema = closed({
  ...shared,
  fsGroup: user,
  fsGroupChangePolicy: oneOf('OnRootMismatch', 'Always'),
  supplementalGroups: list(whole(0, 4_294_967_295)),
  supplementalGroupsPolicy: oneOf('Merge', 'Strict'),
  sysctls: list(open),
  seLinuxChangePolicy: oneOf('MountOption', 'Recursive'),
});
export const containerSecurityContext: Schema = closed({
  ...shared,
  allowPrivilegeEscalation: flag,
  capabilities: closed({ add: list(text), drop: list(text) }),
  privileged: flag,
  procMount: text,
  readOnlyRootFilesystem: flag,
});

export const environment: Schema = list(closed({ name: text, value: text, valueFrom: open }, ['name']));
export const environmentFrom: Schema = list(closed({ prefix: text, configMapRef: open, secretRef: open }));
export const volumes: Schema = list({ type: 'object', required: ['name'] });
export const mounts: Schema = list(
  closed(
    {
      name: text,
      mountPath: text,
      subPath: text,
      subPathExpr: text,
      readOnly: flag,
      mountPropagation: text,
      recursiveReadOnly: text,
    },
    ['name', 'mountPath'],
  ),
);

export const peers: Schema = list(closed({ podSelector: open, namespaceSelector: open, ipBlock: open }));
export const relabelings: Schema = list(
  closed({
    action: text,
    sourceLabels: list(text),
    separator: text,
    regex: text,
    modulus: { type: 'integer' },
    targetLabel: text,
    replacement: text,
  }),
);
export const behavior: Schema = closed({ scaleUp: open, scaleDown: open });
export const metrics: Schema = list({ type: 'object', required: ['type'] });

/** What holds for a pod: the chart's `pod`, and that of each service over it. */
export const pod: Schema = closed({
  annotations: textMap,
  labels: textMap,
  securityContext: podSecurityContext,
  containerSecurityContext,
  nodeSelector: textMap,
  tolerations,
  affinity,
  topologySpread,
  priorityClassName: text,
  runtimeClassName: text,
  extraEnv: environment,
  extraEnvFrom: environmentFrom,
  extraVolumes: volumes,
  extraVolumeMounts: mounts,
});
