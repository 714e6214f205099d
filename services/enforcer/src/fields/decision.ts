/** What Precede itself says of the request: its zone and identity, whether it has session and operation, and when it came. */
import { randomBytes } from 'node:crypto';
import { fromText } from '@precede/rules';
import type { FieldContext, FieldReaders } from './context.ts';

/** As many as a UUID takes. */
const seedBytes = 16;

const seedOf = ({ derived }: FieldContext): string => {
  derived.seed ??= randomBytes(seedBytes).toString('latin1');
  return derived.seed;
};

const secondsOf = ({ timeMs }: FieldContext): number => Math.floor(timeMs / 1000);

export const decisionReaders: FieldReaders = {
  'cf.api_gateway.auth_id_present': ({ hasSession }) => hasSession,
  'cf.api_gateway.fallthrough_detected': ({ operation }) => operation === undefined,
  'cf.random_seed': seedOf,
  'cf.ray_id': ({ requestId }) => fromText(requestId),
  'cf.zone.name': ({ zoneName }) => fromText(zoneName),
  'http.request.timestamp.sec': secondsOf,
  'http.request.timestamp.msec': (context) => Math.floor(context.timeMs) - secondsOf(context) * 1000,
};
