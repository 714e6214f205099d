/** Requests and contexts for the tests of fields, and what a value of a type is. */
import type { Operation, OperationId } from '@precede/contracts';
import {
  createLookback,
  type Field,
  fieldByName,
  type Lookback,
  type Type,
  type Value,
} from '@precede/rules';
import fc from 'fast-check';
import type { GatewayRequest } from '../gateway-request.ts';
import type { FieldContext } from './context.ts';
import { readerOf } from './readers.ts';

const plainRequest: GatewayRequest = {
  zoneId: null,
  method: 'GET',
  scheme: 'https',
  host: 'api.example.com',
  path: '/',
  headers: new Map(),
  cookies: new Map(),
  session: null,
  timeMs: null,
  clientIp: '203.0.113.7',
  httpVersion: 'HTTP/1.1',
  body: null,
  isBodyCut: false,
  metadata: new Map(),
};

export const operation: Operation = {
  operationId: 'c821cc00-0000-4000-8000-000000000000' as OperationId,
  shortId: 0xc821cc00 as Operation['shortId'],
  method: 'GET',
  host: 'api.example.com',
  endpoint: '/',
  lastUpdatedMs: 0,
};

export const contextOf = (
  request: Partial<GatewayRequest> = {},
  more: Partial<Omit<FieldContext, 'request' | 'derived'>> = {},
): FieldContext => ({
  request: { ...plainRequest, ...request },
  timeMs: 1_767_225_600_857,
  operation,
  hasSession: true,
  zoneName: 'shop',
  requestId: '8a2b4c6d',
  history: createLookback(),
  claims: new Map(),
  ...more,
  derived: {},
});

export const fieldOf = (name: string): Field => {
  const field = fieldByName.get(name);
  if (field === undefined) throw new Error(`there is no field ${name}`);
  return field;
};

/** The value of a field by name. */
export const read = (name: string, context: FieldContext): Value | undefined =>
  readerOf(fieldOf(name))(context);

/** A text of bytes as the bytes of its UTF-8. */
export const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** Any bytes as a text, up to a length; half of the time such as parsers stumble over. */
export const anyBytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: fc.nat(255).map((byte) => String.fromCharCode(byte)), maxLength }),
    fc.string({ unit: fc.constantFrom(...'/.?#%&=;,:"\\\r\n\t -*aA0é\xa0'), maxLength }),
  );

export const historyOf = (times: readonly (readonly [shortId: number, atMs: number])[]): Lookback => ({
  ...createLookback(),
  raw: times.map(([shortId]) => shortId as Operation['shortId']),
  rawMs: times.map(([, atMs]) => atMs),
});

/** Whether a value is what the language takes for one of the type. */
export const isOfType = (value: Value, type: Type): boolean => {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isSafeInteger(value) && !Object.is(value, -0);
    case 'bytes':
      return isBytes(value);
    case 'ip':
      return isBytes(value) && [4, 16].includes((value as string).length);
    case 'array':
      return Array.isArray(value) && value.every((item) => isOfType(item, type.of));
    case 'map':
      return (
        value instanceof Map &&
        [...value].every(([key, item]) => isBytes(key as Value) && isOfType(item as Value, type.of))
      );
  }
};

const isBytes = (value: Value): boolean =>
  typeof value === 'string' && [...value].every((unit) => (unit.codePointAt(0) as number) < 256);
