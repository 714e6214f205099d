/**
 * A denial inside a header. nginx takes only 403 from a subrequest, without its body; it keeps this header in a variable
 * and brings it back, and the answer to the client is made of it. So no enforcer has to remember what it said.
 */
import { InputError } from '@precede/contracts';
import type { HttpAnswer } from './http-answer.ts';

/** With the other headers it must fit into nginx's proxy_buffer_size of the shipped configuration (64 KiB). */
const maxEncoded = 49_152;

/** Beyond the bound the denial goes without its body: it must hold, how it looks comes second. */
export const carryDenial = (denial: HttpAnswer): string => {
  const encoded = encode(denial);
  return encoded.length <= maxEncoded ? encoded : encode({ ...denial, body: '' });
};

const encode = (denial: HttpAnswer): string => Buffer.from(JSON.stringify(denial)).toString('base64url');

/** Throws InputError. */
export const carriedDenial = (text: string): HttpAnswer => {
  try {
    const found: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isAnswer(found)) return found;
  } catch {
    // Told below, as any other text that is none.
  }
  throw new InputError('', 'there is no denial in the body');
};

const isAnswer = (found: unknown): found is HttpAnswer => {
  if (typeof found !== 'object' || found === null) return false;
  const { status, headers, body } = found as Readonly<Record<string, unknown>>;
  return (
    typeof status === 'number' &&
    Number.isInteger(status) &&
    status >= 300 &&
    status <= 599 &&
    typeof body === 'string' &&
    Array.isArray(headers) &&
    headers.every(isHeader)
  );
};

const isHeader = (found: unknown): boolean =>
  Array.isArray(found) && found.length === 2 && found.every((each) => typeof each === 'string');
