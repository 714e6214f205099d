/** Where a redirect rule sends a request. */
import type { PhaseRule } from './phase-rules.ts';
import type { Question } from './question.ts';
import { isHeaderText } from './text.ts';

const target = /^(?:https?:\/\/[^/\\\s]|\/(?![/\\]))/i;

/**
 * Undefined where the target is missing, or is neither an http(s) address nor a path of this host: what a client sends
 * must neither end the line of the header nor lead to another scheme, nor may a path that begins with two slashes lead to
 * another host.
 */
export const locationOf = ({ target: text, rule }: PhaseRule, question: Question): string | undefined => {
  const location = text(question.slots);
  if (location === undefined || !target.test(location) || !isHeaderText(location)) return undefined;
  const keepsQuery = rule.action.kind === 'redirect' && rule.action.keepsQuery;
  const escaped = escape8Bit(location);
  return keepsQuery ? withQuery(escaped, queryOf(question.request.path)) : escaped;
};

const queryOf = (path: string): string => {
  const at = path.indexOf('?');
  return at === -1 ? '' : (path.slice(at + 1).split('#', 1)[0] ?? '');
};

/** Before the fragment; the query of the target stays in front. */
const withQuery = (location: string, query: string): string => {
  if (query === '' || !isHeaderText(query)) return location;
  const hash = location.indexOf('#');
  const [address, fragment] = hash === -1 ? [location, ''] : [location.slice(0, hash), location.slice(hash)];
  const separator = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${separator}${escape8Bit(query)}${fragment}`;
};

/** An address is ASCII; blanks would part it. */
const escape8Bit = (text: string): string =>
  text.replace(
    /[^\x21-\x7e]/g,
    (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
