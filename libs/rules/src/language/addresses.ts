/**
 * IP addresses as bytes: 4 or 16 of them in network order. Notation: RFC 4291, section 2.2; printing: RFC 5952.
 * Strict: four decimal parts without leading zeros, at most four hex digits a group, no zone index.
 */

const v4Part = /^(?:0|[1-9][0-9]{0,2})$/;
const v6Group = /^[0-9A-Fa-f]{1,4}$/;

const parseV4 = (text: string): string | null => {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let bytes = '';
  for (const part of parts) {
    if (!v4Part.test(part) || Number(part) > 255) return null;
    bytes += String.fromCharCode(Number(part));
  }
  return bytes;
};

/** Bytes of groups parted by single colons, the last one maybe an IPv4 address; '' for no group. */
const parseGroups = (text: string, mayEndInV4: boolean): string | null => {
  if (text === '') return '';
  const groups = text.split(':');
  let bytes = '';
  for (const [at, group] of groups.entries()) {
    if (v6Group.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes += String.fromCharCode(value >> 8, value & 255);
      continue;
    }
    const v4 = mayEndInV4 && at === groups.length - 1 ? parseV4(group) : null;
    if (v4 === null) return null;
    bytes += v4;
  }
  return bytes;
};

const parseV6 = (text: string): string | null => {
  const gap = text.indexOf('::');
  if (gap === -1) {
    const bytes = parseGroups(text, true);
    return bytes?.length === 16 ? bytes : null;
  }
  const head = parseGroups(text.slice(0, gap), false);
  const tail = parseGroups(text.slice(gap + 2), true);
  // The gap stands for one group at least.
  if (head === null || tail === null || head.length + tail.length > 14) return null;
  return head + '\0'.repeat(16 - head.length - tail.length) + tail;
};

/** The bytes of an address; null if the text is none. */
export const parseAddress = (text: string): string | null =>
  text.includes(':') ? parseV6(text) : parseV4(text);

/** Whether all bits behind the first `prefix` ones are 0. */
const hasHostBits = (bytes: string, prefix: number): boolean => maskAddress(bytes, prefix) !== bytes;

/** The network address: all bits behind the first `prefix` ones become 0. */
export const maskAddress = (bytes: string, prefix: number): string => fillBits(bytes, prefix, 0);

const fillBits = (bytes: string, prefix: number, fill: 0 | 255): string => {
  let filled = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const kept = Math.min(8, Math.max(0, prefix - at * 8));
    const mask = (0xff00 >> kept) & 255;
    filled += String.fromCharCode((bytes.charCodeAt(at) & mask) | (fill & ~mask & 255));
  }
  return filled;
};

export interface AddressRange {
  readonly first: string;
  readonly last: string;
  /** Null for a range that was not written as CIDR. */
  readonly prefix: number | null;
}
export interface AddressFault {
  readonly code: 'address' | 'range';
  readonly message: string;
  readonly hint?: string;
}

const noAddress = (text: string): AddressFault => ({
  code: 'address',
  message: `${JSON.stringify(text)} is no IP address`,
});

/** `a`, `a..b` of one family, or CIDR `a/n` without host bits. */
export const parseAddressRange = (text: string): AddressRange | AddressFault => {
  const dots = text.indexOf('..');
  if (dots !== -1) return parseFromTo(text.slice(0, dots), text.slice(dots + 2));
  const slash = text.indexOf('/');
  if (slash === -1) {
    const address = parseAddress(text);
    return address === null ? noAddress(text) : { first: address, last: address, prefix: null };
  }
  return parseCidr(text.slice(0, slash), text.slice(slash + 1));
};

const parseFromTo = (from: string, to: string): AddressRange | AddressFault => {
  const first = parseAddress(from);
  const last = parseAddress(to);
  if (first === null) return noAddress(from);
  if (last === null) return noAddress(to);
  if (first.length !== last.length)
    return { code: 'range', message: 'a range is of one family, IPv4 or IPv6' };
  if (first > last)
    return { code: 'range', message: `the range ends before it starts`, hint: `${to}..${from}` };
  return { first, last, prefix: null };
};

const parseCidr = (address: string, length: string): AddressRange | AddressFault => {
  const bytes = parseAddress(address);
  if (bytes === null) return noAddress(address);
  const bits = bytes.length * 8;
  if (!/^[0-9]{1,3}$/.test(length) || Number(length) > bits)
    return { code: 'address', message: `the length of the prefix is 0 to ${bits}` };
  const prefix = Number(length);
  if (hasHostBits(bytes, prefix)) {
    const network = printAddress(maskAddress(bytes, prefix));
    const message = `${address} has bits set behind the first ${prefix}`;
    return { code: 'address', message, hint: `the network is ${network}/${prefix}` };
  }
  return { first: bytes, last: fillBits(bytes, prefix, 255), prefix };
};

const v4Text = (bytes: string): string => [...bytes].map((byte) => byte.charCodeAt(0)).join('.');

/** RFC 5952: lower case, the longest run of two or more zero groups as `::`, IPv4-mapped with dots. */
export const printAddress = (bytes: string): string => {
  if (bytes.length === 4) return v4Text(bytes);
  if (bytes.startsWith(mappedPrefix)) return `::ffff:${v4Text(bytes.slice(12))}`;
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes.charCodeAt(at * 2) << 8) | bytes.charCodeAt(at * 2 + 1)).toString(16),
  );
  const [start, length] = longestZeros(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
};

const mappedPrefix = `${'\0'.repeat(10)}\xff\xff`;

const longestZeros = (groups: readonly string[]): readonly [start: number, length: number] => {
  let best = 0;
  let length = 0;
  let run = 0;
  for (const [at, group] of groups.entries()) {
    run = group === '0' ? run + 1 : 0;
    if (run > length) {
      length = run;
      best = at - run + 1;
    }
  }
  return [best, length];
};
