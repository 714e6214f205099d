/**
 * Path templates of saved operations: `/users/{id}/x` becomes `/users/{var1}/x`. A variable is a whole segment and
 * stands for exactly one segment that is not empty. Everything else is normalised as paths of requests are (path.ts).
 */
import { Method } from '@precede/contracts';
import { type EndpointFault, EndpointFaultCode, fault, type Normalised } from './fault.ts';
import { normaliseHost } from './host.ts';
import { normaliseEscapes, removeDotSegments } from './path.ts';

const maxLength = 4096;
const variable = /^\{[A-Za-z0-9_.-]+\}$/;
/** Whether a segment of a template stands for any one segment. */
export const isVariable = (segment: string): boolean => segment.startsWith('{') && variable.test(segment);

/** Normalises the path template of an operation or says what is wrong with it. */
export const normaliseTemplate = (text: string): Normalised => {
  if (text.length > maxLength) return tooLong('');
  if (!text.startsWith('/')) return invalid('endpoint must begin with /');
  if (text.includes('?') || text.includes('#')) return invalid('endpoint must have no query and no fragment');
  if (hasControlCharacter(text)) return invalid('endpoint must have no control characters');
  const path = normaliseSegments(text);
  if (path === undefined)
    return fault(
      EndpointFaultCode.variableInvalid,
      '/endpoint',
      'a variable is a whole path segment: /users/{name}, with a name of A-Z a-z 0-9 _ . -',
    );
  const value = nameVariables(path);
  return value.length > maxLength ? tooLong(' once normalised') : { kind: 'ok', value };
};

const invalid = (message: string): Normalised =>
  fault(EndpointFaultCode.endpointInvalid, '/endpoint', message);
const tooLong = (when: string): Normalised =>
  fault(
    EndpointFaultCode.endpointTooLong,
    '/endpoint',
    `endpoint is longer than ${maxLength} characters${when}`,
  );

const hasControlCharacter = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
};

// Segment by segment: braces of a variable stand as they are, all others would be percent-encoded.
const normaliseSegments = (text: string): string | undefined => {
  const segments = text.replaceAll('\\', '/').split('/');
  for (const [i, segment] of segments.entries()) {
    if (isVariable(segment)) continue;
    if (segment.includes('{') || segment.includes('}')) return undefined;
    segments[i] = normaliseEscapes(segment);
  }
  return removeDotSegments(segments.join('/'));
};

const nameVariables = (path: string): string => {
  let n = 0;
  return path
    .split('/')
    .map((segment) => (isVariable(segment) ? `{var${++n}}` : segment))
    .join('/');
};

export interface OperationDraft {
  readonly method: string;
  readonly host: string;
  readonly endpoint: string;
}
export interface NormalOperation {
  readonly kind: 'ok';
  readonly method: Method;
  readonly host: string;
  readonly endpoint: string;
}
export interface OperationFaults {
  readonly kind: 'faults';
  /** Sorted by pointer. */
  readonly faults: readonly EndpointFault[];
}

/** Normalises a whole operation; all faults at once. Methods are case-sensitive, as in HTTP. */
export const normaliseOperation = (draft: OperationDraft): NormalOperation | OperationFaults => {
  const endpoint = normaliseTemplate(draft.endpoint);
  const host = normaliseHost(draft.host);
  const method = isMethod(draft.method) ? draft.method : undefined;
  if (endpoint.kind === 'ok' && host.kind === 'ok' && method !== undefined)
    return { kind: 'ok', method, host: host.value, endpoint: endpoint.value };
  const faults = [endpoint, host].filter((part) => part.kind === 'fault');
  if (method === undefined) faults.push(methodUnknown());
  return { kind: 'faults', faults };
};

const methods: ReadonlySet<string> = new Set(Object.values(Method));
export const isMethod = (text: string): text is Method => methods.has(text);

const methodUnknown = (): EndpointFault =>
  fault(EndpointFaultCode.methodUnknown, '/method', `method is none of ${[...methods].join(', ')}`);

/** What makes an operation the same one within its zone; takes normal parts. */
export const operationIdentity = (operation: OperationDraft): string =>
  `${operation.method} ${operation.host}${operation.endpoint}`;
