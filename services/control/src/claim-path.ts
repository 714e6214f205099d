/**
 * Claim paths of session identifiers: singular queries of RFC 9535, names and indexes alone, so that a path gives one
 * value or none. Whether a text is one; what it finds is asked where tokens are verified.
 */
const maxCharacters = 1_024;

const blank = '[ \\t\\n\\r]*';
const shorthand =
  '\\.[A-Za-z_\\u{80}-\\u{d7ff}\\u{e000}-\\u{10ffff}][0-9A-Za-z_\\u{80}-\\u{d7ff}\\u{e000}-\\u{10ffff}]*';
const unit =
  '\\\\u(?:[0-9A-CEFa-cef][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2}|[Dd][89ABab][0-9A-Fa-f]{2}\\\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})';
const plain = (quote: string): string =>
  `[^\\\\${quote}\\u{0}-\\u{1f}\\u{d800}-\\u{dfff}]|\\\\[bfnrt/\\\\${quote}]|${unit}`;
const selector = `"(?:${plain('"')})*"|'(?:${plain("'")})*'|0|-?[1-9][0-9]{0,14}`;
const claimPath = new RegExp(`^\\$(?:${blank}(?:${shorthand}|\\[${blank}(?:${selector})${blank}\\]))+$`, 'u');

/** The whole of the claims, `$`, is no text and names no session. */
export const isClaimPath = (text: string): boolean => text.length <= maxCharacters && claimPath.test(text);
