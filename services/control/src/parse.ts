/**
 * Between what a client sent and typed values: a zod schema either gives the value or ALL faults, each with its JSON
 * pointer. A schema names a more exact fault by `issue('hostInvalid', …)`.
 */
import { z } from 'zod';
import { ApiError, apiError, type Fault, type FaultName } from './errors.ts';

/** A body of 10,000 wrong items is told its first faults only. */
const maxFaults = 100;

/** An issue that becomes this fault. */
export const issue = (name: FaultName, message: string, path: PropertyKey[] = []) => ({
  code: 'custom' as const,
  message,
  path,
  params: { fault: name },
});

export const isPlainObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** Hands on what another schema found below a member. */
export const addIssues = (
  context: z.RefinementCtx,
  found: readonly (z.core.$ZodIssue | ReturnType<typeof issue>)[],
  at: readonly PropertyKey[] = [],
): void => {
  for (const each of found) context.addIssue({ ...each, path: [...at, ...each.path] });
};

export const parseBody = <T>(schema: z.ZodType<T>, body: unknown): T => {
  if (body === undefined) throw apiError('bodyMalformed', 'the request has no JSON body');
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw faultsOf(parsed.error.issues.flatMap(bodyFaults));
};

/** Names may carry the `[]` that some clients put behind repeated parameters. */
export const parseQuery = <T>(schema: z.ZodType<T>, query: unknown): T => {
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const plain = name.replace(/\[\]$/, '');
    given.set(plain, given.has(plain) ? [given.get(plain), value].flat() : value);
  }
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  throw faultsOf(parsed.error.issues.flatMap(queryFaults));
};

/** A parameter given once or several times. */
export const repeated = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).max(50).optional(),
  );

/** A whole number as a query writes it. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** A time as RFC 3339 writes it, as milliseconds; what is finer is cut off. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-01-02T03:04:05Z; write a + as %2B' })
  .transform((text) => Date.parse(text));

const faultsOf = (all: readonly Fault[]): ApiError => {
  const [first, ...rest] = all.slice(0, maxFaults);
  if (first === undefined) return apiError('invalid', 'the body is invalid');
  return new ApiError([first, ...rest]);
};

const bodyFaults = (found: z.core.$ZodIssue): readonly Fault[] => {
  if (found.code === 'unrecognized_keys')
    return found.keys.map((key) => ({
      name: 'fieldUnknown',
      message: `this route takes no field ${JSON.stringify(key.slice(0, 100))}`,
      pointer: pointer([...found.path, key]),
    }));
  const named = found.code === 'custom' ? (found.params?.['fault'] as FaultName | undefined) : undefined;
  return [{ name: named ?? 'invalid', message: messageOf(found), pointer: pointer(found.path) }];
};

const queryFaults = (found: z.core.$ZodIssue): readonly Fault[] => {
  if (found.code === 'unrecognized_keys')
    return found.keys.map((key) => ({
      name: 'queryInvalid',
      message: `unknown query parameter ${key.slice(0, 100)}`,
    }));
  return [{ name: 'queryInvalid', message: `query parameter ${String(found.path[0])}: ${messageOf(found)}` }];
};

const messageOf = (found: z.core.$ZodIssue): string =>
  found.code === 'invalid_type' && found.message.endsWith('received undefined')
    ? `is missing (expected ${found.expected})`
    : found.message;

/** RFC 6901. */
const pointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
