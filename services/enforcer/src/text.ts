/** Values of expressions as text for headers and addresses: what stands there must not end the line it stands in. */
import { isIP } from 'node:net';
import type { Slots, Value } from '@precede/rules';

/** Undefined: missing. Bytes, one UTF-16 unit each. */
export type TextGetter = (slots: Slots) => string | undefined;

interface Typed {
  readonly kind: string;
}

/** Longer ones are missing: servers refuse them anyway. */
export const maxTextLength = 8192;

/** A plain value as text; undefined where it is missing, too long or no text (an array). */
export const textOf = (value: Value | undefined, type: Typed): string | undefined => {
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const text = type.kind === 'ip' ? addressText(value) : value;
    return text.length > maxTextLength ? undefined : text;
  }
  return typeof value === 'object' ? undefined : String(value);
};

/** 4 or 16 bytes as an address is written. */
export const addressText = (bytes: string): string => {
  const octets = Array.from(bytes, (unit) => unit.charCodeAt(0));
  if (octets.length === 4) return octets.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2)
    groups.push((((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16));
  return shortened(groups);
};

/** The longest run of zeros as `::` (RFC 5952). */
const shortened = (groups: readonly string[]): string => {
  const whole = groups.join(':');
  let best = '';
  for (const [run] of whole.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)) if (run.length > best.length) best = run;
  if (best === '') return whole;
  const at = whole.indexOf(best);
  const short = `${whole.slice(0, at)}::${whole.slice(at + best.length).replace(/^:/, '')}`;
  return isIP(short) === 6 ? short : whole;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const control = /[\0-\x08\x0a-\x1f\x7f]/;

/** Whether the text may stand as the value of a header (RFC 9110, 5.5): anything else could add headers of its own. */
export const isHeaderText = (text: string): boolean => !control.test(text);
