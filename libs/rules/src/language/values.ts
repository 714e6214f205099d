/**
 * What fields, functions and literals hold while an expression runs.
 *
 *   Bool   boolean
 *   Int    number where it is a safe integer, else bigint: one form for each value, so that === tells them apart
 *   Ip     the 4 or 16 bytes of the address in network order, as Bytes: equal families compare as text does
 *   Bytes  one UTF-16 unit 0..255 a byte ("latin1"): ===, <, indexOf and length mean bytes
 *   Array  a JavaScript array, Map a Map by the bytes of its keys
 *
 * `undefined` is the missing value.
 */
export type Value = boolean | number | bigint | string | readonly Value[] | ReadonlyMap<string, Value>;

/** Least and greatest integer of the language (64 bits, signed). */
export const minInt = -(2n ** 63n);
export const maxInt = 2n ** 63n - 1n;

/** The one form of an integer: see above. */
export const toInt = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/**
 * Most bytes that a function may give; what would be longer is missing. Functions inside one another could multiply what
 * a client sends until no memory is left.
 */
export const maxResultBytes = 4 * 2 ** 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Arguments a call may have at once without a deep stack. */
const chunk = 8192;

/** Bytes of an octet array. */
export const fromOctets = (octets: Uint8Array): string => {
  if (octets.length <= chunk) return String.fromCharCode(...octets);
  let bytes = '';
  for (let at = 0; at < octets.length; at += chunk)
    bytes += String.fromCharCode(...octets.subarray(at, at + chunk));
  return bytes;
};

export const toOctets = (bytes: string): Uint8Array<ArrayBuffer> => {
  const octets = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) octets[at] = bytes.charCodeAt(at);
  return octets;
};

const ascii = /^[\0-\x7f]*$/;

/** The UTF-8 bytes of a text; lone surrogates become U+FFFD. */
export const fromText = (text: string): string =>
  ascii.test(text) ? text : fromOctets(encoder.encode(text));

/** The text that bytes are in UTF-8; null if they are not. */
export const toText = (bytes: string): string | null => {
  if (ascii.test(bytes)) return bytes;
  try {
    return decoder.decode(toOctets(bytes));
  } catch {
    return null;
  }
};
