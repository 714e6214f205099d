/** What the tests of the gateways share: requests, decisions, and the messages of Envoy as its API has them. */
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { Decision, DenyResponse, RequestHeaderChange } from '../decision.ts';

export const allow: Decision = {
  ...{ decision: 'allow', action: null, decisionId: 'decision', ruleId: null, ruleSource: null },
  ...{ reason: 'It may pass.', operation: null, logged: [], hasSession: false },
  ...{ response: null, requestHeaders: [], setCookie: null, failed: null },
};

export const deny = (response: Partial<DenyResponse>, setCookie: string | null = null): Decision => ({
  ...allow,
  ...{ decision: 'deny', action: 'block', setCookie },
  response: { status: 403, headers: [], body: '', ...response },
});

const proto = (path: string): string => fileURLToPath(new URL(`../../proto/${path}`, import.meta.url));

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  // Those come with the library.
  target.startsWith('google/protobuf/') ? target : proto(target);
root.loadSync(['envoy/service/auth/v3/external_auth.proto', 'grpc/health/v1/health.proto'], {
  keepCase: true,
});

/** Another codec than ours, made from the .proto files. */
export const messageOf = (name: string) => {
  const type = root.lookupType(name);
  return {
    encode: (value: object): Buffer => Buffer.from(type.encode(type.fromObject(value)).finish()),
    decode: (bytes: Uint8Array): Readonly<Record<string, unknown>> =>
      type.toObject(type.decode(bytes), { defaults: true, arrays: true, bytes: Buffer, enums: Number }),
  };
};

export const CheckRequest = messageOf('envoy.service.auth.v3.CheckRequest');
export const CheckResponse = messageOf('envoy.service.auth.v3.CheckResponse');

export const anyChanges: fc.Arbitrary<RequestHeaderChange[]> = fc.array(
  fc.record({
    name: fc.constantFrom('x-a', 'x-b', 'x-c', 'cookie'),
    operation: fc.constantFrom('set' as const, 'add' as const, 'remove' as const),
    value: fc.constantFrom('1', '2', 'ü', ''),
  }),
  { maxLength: 8 },
);
