/**
 * Fields of the body: all missing where the gateway sends none, those of forms and of multipart where the body is none.
 * The size of a cut body is what Content-Length says; without it, what is known: that it is at least what was sent.
 */
import type { Value } from '@precede/rules';
import type { FieldContext, FieldReader, FieldReaders } from './context.ts';
import { linesOf } from './headers.ts';
import { markBytes, sniffMime } from './mime.ts';
import { type Part, parseMultipart } from './multipart.ts';
import { addTo, type Pairs, parsePairs } from './pairs.ts';
import { essenceOf, parametersOf } from './parameters.ts';

type OfBody = (body: Uint8Array, context: FieldContext) => Value;

const ofBody =
  (read: OfBody): FieldReader =>
  (context) =>
    context.request.body === null ? undefined : read(context.request.body, context);

const latin1 = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');

const textOf = ({ derived }: FieldContext, body: Uint8Array): string => {
  derived.bodyText ??= latin1(body);
  return derived.bodyText;
};

const digits = /^[0-9]{1,15}$/;

const sizeOf: OfBody = (body, context) => {
  const length = linesOf(context, 'content-length')[0] ?? '';
  const isTold = context.request.isBodyCut && digits.test(length);
  return isTold ? Math.max(body.length, Number(length)) : body.length;
};

const contentType = (context: FieldContext): string => linesOf(context, 'content-type')[0] ?? '';

const formOf = (context: FieldContext): Pairs | null => {
  if (context.derived.form === undefined) context.derived.form = readForm(context);
  return context.derived.form;
};

const readForm = (context: FieldContext): Pairs | null => {
  const { body } = context.request;
  if (body === null || essenceOf(contentType(context)) !== 'application/x-www-form-urlencoded') return null;
  return parsePairs(textOf(context, body));
};

const partsOf = (context: FieldContext): readonly Part[] | null => {
  if (context.derived.parts === undefined) context.derived.parts = readParts(context);
  return context.derived.parts;
};

const readParts = (context: FieldContext): readonly Part[] | null => {
  const { body } = context.request;
  const type = contentType(context);
  if (body === null || !essenceOf(type).startsWith('multipart/')) return null;
  const boundary = parametersOf(type).find(({ name }) => name === 'boundary')?.value ?? '';
  return boundary === '' ? null : parseMultipart(textOf(context, body), boundary);
};

/** A part without a name is in no list; one with several is in each. */
const byName = (parts: readonly Part[]): Value => {
  const lists = new Map<string, string[]>();
  for (const { names, content } of parts) for (const name of new Set(names)) addTo(lists, name, content);
  return lists;
};

const ofForm =
  (read: (form: Pairs) => Value): FieldReader =>
  (context) => {
    const form = formOf(context);
    return form === null ? undefined : read(form);
  };

const ofParts =
  (read: (parts: readonly Part[]) => Value): FieldReader =>
  (context) => {
    const parts = partsOf(context);
    return parts === null ? undefined : read(parts);
  };

const ofEachPart = (read: (part: Part) => Value): FieldReader => ofParts((parts) => parts.map(read));

export const bodyReaders: FieldReaders = {
  'http.request.body.raw': ofBody((body, context) => textOf(context, body)),
  'http.request.body.size': ofBody(sizeOf),
  'http.request.body.truncated': ofBody((_, { request }) => request.isBodyCut),
  'http.request.body.mime': ofBody((body) => sniffMime(latin1(body.subarray(0, markBytes)))),
  'http.request.body.form': ofForm((form) => form.lists),
  'http.request.body.form.names': ofForm((form) => form.names),
  'http.request.body.form.values': ofForm((form) => form.values),
  'http.request.body.multipart': ofParts(byName),
  'http.request.body.multipart.values': ofEachPart((part) => part.content),
  'http.request.body.multipart.names': ofEachPart((part) => part.names),
  'http.request.body.multipart.filenames': ofEachPart((part) => part.filenames),
  'http.request.body.multipart.content_dispositions': ofEachPart((part) => part.dispositions),
  'http.request.body.multipart.content_types': ofEachPart((part) => part.types),
  'http.request.body.multipart.content_transfer_encodings': ofEachPart((part) => part.encodings),
};
