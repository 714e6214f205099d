/**
 * Short ids as rules write them. Each is written once and then found again: writing 8 digits costs ten times as much,
 * and a request that asks for the operations before it needs ten of them (enforcer: 2.5 µs a request without this).
 */
import { formatShortId, type ShortId } from '@precede/contracts';

/** Of all zones; when as many are kept, all are forgotten. About 5 MB. */
const maxTexts = 65_536;
const texts = new Map<ShortId, string>();

/** 8 lower-case hex digits. */
export const shortText = (id: ShortId): string => {
  const known = texts.get(id);
  if (known !== undefined) return known;
  if (texts.size >= maxTexts) texts.clear();
  const text = formatShortId(id);
  texts.set(id, text);
  return text;
};
