/** The headers that a rule of http_request_late_transform writes: an object by name in the API, a list in its order here. */
import type { HeaderChange, TextOrExpression } from '@precede/contracts';
import { z } from 'zod';
import { addIssues, isPlainObject } from './parse.ts';
import { withoutControls } from './texts.ts';

const maxHeaders = 30;
const maxValue = 4_096;

/** RFC 9110 token. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/** Of the connection and the framing of the request: changed, the origin would read another request. */
const untouchable = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const change = z
  .strictObject({
    operation: z.enum(['set', 'add', 'remove']),
    value: withoutControls(maxValue).optional(),
    expression: z.string().optional(),
  })
  .transform(({ operation, value, expression }, context): Omit<HeaderChange, 'name'> => {
    const given = textOf(value, expression);
    if (operation === 'remove' && (value !== undefined || expression !== undefined))
      context.addIssue({ code: 'custom', message: 'a header that is removed has no value' });
    if (operation !== 'remove' && given === null)
      context.addIssue({ code: 'custom', message: 'must have either value or expression' });
    return { operation, value: given };
  });

const textOf = (value: string | undefined, expression: string | undefined): TextOrExpression | null => {
  if (value !== undefined && expression === undefined) return { kind: 'value', value };
  if (expression !== undefined && value === undefined) return { kind: 'expression', expression };
  return null;
};

const faultOfName = (given: string, name: string, seen: ReadonlySet<string>): string | undefined => {
  if (!headerName.test(given)) return 'is no name of a header';
  if (untouchable.has(name)) return 'this header belongs to the connection and cannot be changed';
  return seen.has(name) ? 'the same header stands here twice; names have no case' : undefined;
};

/** All faults of all headers. Names become lower-case. */
export const headersParameter = z
  .custom<Readonly<Record<string, unknown>>>(isPlainObject, 'must be an object by name of header')
  .transform((given, context): readonly HeaderChange[] => {
    const names = Object.keys(given);
    if (names.length === 0 || names.length > maxHeaders)
      context.addIssue({ code: 'custom', message: `must have 1 to ${maxHeaders} headers` });
    const seen = new Set<string>();
    const headers: HeaderChange[] = [];
    for (const each of names.slice(0, maxHeaders)) {
      const name = each.toLowerCase();
      const fault = faultOfName(each, name, seen);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault, path: [each] });
      seen.add(name);
      const read = change.safeParse(given[each]);
      if (read.success) headers.push({ name, ...read.data });
      else addIssues(context, read.error.issues, [each]);
    }
    return headers;
  });
