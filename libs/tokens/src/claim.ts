/** What stands at a claim path of a verified token. */
import type { ClaimPath } from './claim-path.ts';

/** Longer values name no session. */
export const maxClaimCharacters = 1024;

/**
 * The text, number or boolean at the path as text; null: nothing that can name a session stands there. An integer that
 * JSON numbers cannot tell from its neighbours counts as none: two clients must not become one session.
 */
export const claimAt = (claims: unknown, path: ClaimPath): string | null => {
  let at = claims;
  for (const selector of path) {
    at = typeof selector === 'string' ? memberOf(at, selector) : elementOf(at, selector);
    if (at === undefined) return null;
  }
  return textOf(at);
};

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const elementOf = (value: unknown, index: number): unknown =>
  Array.isArray(value) ? value.at(index) : undefined;

const textOf = (value: unknown): string | null => {
  switch (typeof value) {
    case 'string':
      return value === '' || value.length > maxClaimCharacters ? null : value;
    case 'number':
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
        ? String(value)
        : null;
    case 'boolean':
      return String(value);
    default:
      return null;
  }
};
