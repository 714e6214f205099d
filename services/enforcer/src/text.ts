/** Values of expressions as text for headers and addresses: what stands there must not end the line it stands in. */
import { printAddress, type Slots, type Value } from '@precede/rules';

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
    const text = type.kind === 'ip' ? printAddress(value) : value;
    return text.length > maxTextLength ? undefined : text;
  }
  return typeof value === 'object' ? undefined : String(value);
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const control = /[\0-\x08\x0a-\x1f\x7f]/;

/** Whether the text may stand as the value of a header (RFC 9110, 5.5): anything else could add headers of its own. */
export const isHeaderText = (text: string): boolean => !control.test(text);
