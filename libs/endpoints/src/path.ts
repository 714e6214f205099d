/**
 * Brings the path of a request, or of a template, into the one spelling that templates are compared in: the URL
 * normalisation that the public API documents for saved endpoints and for incoming requests alike. Unreserved
 * characters are percent-decoded, everything that is neither unreserved nor reserved is percent-encoded, escapes are
 * upper-case, `\` is `/`, successive slashes are one, dot segments are removed (RFC 3986, 5.2.4). An escaped slash
 * stays escaped and a trailing slash counts: `/a/` and `/a` are two paths. One pass, linear, never throws.
 */

const Kind = { plain: 0, slash: 1, dot: 2, queryStart: 3, rewrite: 4 } as const;

const slash = 0x2f;
const percent = 0x25;
const unreserved = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~';
const reserved = ":[]@!$&'()*+,;=";

const kindOf = new Uint8Array(128).fill(Kind.rewrite);
for (const c of unreserved + reserved) kindOf[c.charCodeAt(0)] = Kind.plain;
kindOf[slash] = Kind.slash;
kindOf['.'.charCodeAt(0)] = Kind.dot;
kindOf['?'.charCodeAt(0)] = Kind.queryStart;
kindOf['#'.charCodeAt(0)] = Kind.queryStart;

const isUnreserved = new Uint8Array(256);
for (const c of unreserved) isUnreserved[c.charCodeAt(0)] = 1;

/** Without query and fragment. */
export const stripQuery = (path: string): string => {
  const query = path.indexOf('?');
  const withoutQuery = query === -1 ? path : path.slice(0, query);
  const fragment = withoutQuery.indexOf('#');
  return fragment === -1 ? withoutQuery : withoutQuery.slice(0, fragment);
};

/** The normal spelling of a path; idempotent; query and fragment are dropped, the result begins with a slash. */
export const normalisePath = (path: string): string => {
  const end = endOfPlain(path);
  if (end >= 0) return end === path.length ? path : path.slice(0, end);
  return removeDotSegments(normaliseEscapes(stripQuery(path)));
};

/**
 * The same of a path as bytes, one UTF-16 unit 0..255 a byte: a path in UTF-8 gets the spelling that its text has, and
 * bytes that are no UTF-8 stay apart from one another.
 */
export const normaliseRequestPath = (bytes: string): string => {
  const end = endOfPlain(bytes);
  if (end >= 0) return end === bytes.length ? bytes : bytes.slice(0, end);
  return normalisePath(bytes.replaceAll(highByte, rewriteByte));
};

const highByte = /[\x80-\xff]/g;
const rewriteByte = (byte: string): string => rewriteEscape(byte.charCodeAt(0));

/** Where the path ends if it is normal as it stands, else -1. Most real paths need nothing but this look. */
const endOfPlain = (path: string): number => {
  if (path.charCodeAt(0) !== slash) return -1;
  let isAfterSlash = false;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    const kind = code < 128 ? kindOf[code] : Kind.rewrite;
    if (kind === Kind.plain) {
      isAfterSlash = false;
      continue;
    }
    if (kind === Kind.queryStart) return i;
    if (kind === Kind.rewrite || isAfterSlash) return -1;
    isAfterSlash = kind === Kind.slash;
  }
  return path.length;
};

/** Longer paths are of no use to discovery. */
const maxDiscoveredPath = 2048;

/** A path in its normal spelling, cut to what discovery keeps; never ends within an escape. */
export const boundPath = (normalPath: string): string =>
  normalPath.length <= maxDiscoveredPath
    ? normalPath
    : normalPath.slice(0, maxDiscoveredPath).replace(/%[0-9A-F]?$/, '');

/** Escapes of a path or a segment, and nothing else. */
export const normaliseEscapes = (path: string): string => {
  let out = '';
  let from = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code < 128 && kindOf[code] !== Kind.rewrite) continue;
    const byte = code === percent ? escapedByte(path, i) : -1;
    const end = byte >= 0 ? i + 3 : endOfRewrite(path, i);
    out += path.slice(from, i) + (byte >= 0 ? rewriteEscape(byte) : encode(path.slice(i, end)));
    from = end;
    i = end - 1;
  }
  return out + path.slice(from);
};

/** The byte that `%XX` at `i` stands for, or -1 where it is no escape. */
const escapedByte = (path: string, i: number): number => {
  const high = hexDigit(path.charCodeAt(i + 1));
  const low = hexDigit(path.charCodeAt(i + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
};

const hexDigit = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 && code < 128 ? lower - 0x57 : -1;
};

const rewriteEscape = (byte: number): string =>
  isUnreserved[byte] === 1
    ? String.fromCharCode(byte)
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** A run of characters that are rewritten together, so that no surrogate pair is cut; a `%` stands alone. */
const endOfRewrite = (path: string, start: number): number => {
  let end = start + 1;
  if (path.charCodeAt(start) === percent) return end;
  for (; end < path.length; end++) {
    const code = path.charCodeAt(end);
    if (code === percent || (code < 128 && kindOf[code] !== Kind.rewrite)) break;
  }
  return end;
};

// encodeURIComponent throws on half a surrogate pair: such a half becomes U+FFFD first.
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed().replaceAll('\\', '/')).replaceAll('%2F', '/');

/** Merges slashes and removes dot segments; the result begins with a slash. */
export const removeDotSegments = (path: string): string => {
  const parts = path.split('/');
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  const last = parts.at(-1);
  const endsWithSlash = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${kept.join('/')}${endsWithSlash ? '/' : ''}`;
};
