/** What stands in many places of the schema, written once under `definitions`, and the references to it. */
import * as kubernetes from './kubernetes.ts';
import { closed, matching, name, type Schema, text } from './parts.ts';

/** A secret: its own value, or a key of an existing Secret. Its form is checked by the chart, which does not print it. */
const secretForm: Schema = closed({
  value: text,
  existingSecret: name,
  key: matching('^[-._a-zA-Z0-9]+$'),
});

/** A certificate authority. */
const authorityForm: Schema = closed({
  pem: matching('^(\\s*-----BEGIN CERTIFICATE-----[\\s\\S]*)?$'),
  existingSecret: name,
  existingConfigMap: name,
  key: matching('^[-._a-zA-Z0-9]+$'),
});

const certificateForm: Schema = closed({
  existingSecret: name,
  certKey: matching('^[-._a-zA-Z0-9]+$'),
  keyKey: matching('^[-._a-zA-Z0-9]+$'),
});

const imageForm: Schema = closed({
  registry: text,
  repository: text,
  tag: text,
  digest: matching('^(sha256:[0-9a-f]{64})?$'),
});

export const definitions = {
  secret: secretForm,
  authority: authorityForm,
  certificate: certificateForm,
  image: imageForm,
  pod: kubernetes.pod,
  resources: kubernetes.resources,
  probes: kubernetes.probes,
  peers: kubernetes.peers,
} as const;

const reference = (definition: keyof typeof definitions): Schema => ({ $ref: `#/definitions/${definition}` });

export const secret = reference('secret');
export const authority = reference('authority');
export const certificate = reference('certificate');
export const image = reference('image');
export const pod = reference('pod');
export const resources = reference('resources');
export const probes = reference('probes');
export const peers = reference('peers');
