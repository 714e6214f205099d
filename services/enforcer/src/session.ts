/**
 * Which session a request belongs to, as in ingest: an explicit one, else the first of the zone's identifiers that is
 * present and not empty; one of a token counts where the token verifies. Values are hashed at once and neither stored nor
 * logged.
 */
import type { SessionId, SessionIdentifier } from '@precede/contracts';
import { toText } from '@precede/rules';
import { andThen, cookieIn, type Soon, sessionIdOf } from '@precede/service';
import type { GatewayRequest } from './gateway-request.ts';
import type { Question } from './question.ts';
import { sequenceCookieName } from './stores/cookie-sessions.ts';

/** Names the client of the question. Waits only where a token has not been seen before. */
export const identify = (question: Question): Soon<void> => {
  const { tokens } = question.table;
  if (tokens === null) {
    introduce(question);
    return undefined;
  }
  const claims = tokens.allClaims((name) => question.fieldOf(name), question.timeMs);
  return andThen(claims, (known) => {
    question.claims = known;
    introduce(question);
  });
};

const introduce = (question: Question): void => {
  const { table, request } = question;
  const cookie = table.settings.hasSequenceCookies ? cookieOf(request, sequenceCookieName) : '';
  question.client = {
    zoneId: table.zoneId,
    sessionId: sessionOf(question),
    cookie: cookie === '' ? null : cookie,
    setCookie: null,
  };
};

const sessionOf = ({ table, request, claims }: Question): SessionId | null => {
  const explicit = request.session;
  if (explicit !== null) return sessionIdOf(table.secret, explicit.type, explicit.name, explicit.value);
  for (const { type, name } of table.identifiers) {
    if (type === 'jwt') {
      const claim = table.tokens?.claimIn(name, claims) ?? null;
      if (claim !== null) return sessionIdOf(table.secret, type, name, claim);
    } else {
      const value = identifierValue(request, { type, name });
      // What is UTF-8 is hashed as the text it is, as ingest has it from a log.
      if (value !== '') return sessionIdOf(table.secret, type, name, toText(value) ?? value);
    }
  }
  return null;
};

const identifierValue = (request: GatewayRequest, { type, name }: SessionIdentifier): string =>
  type === 'header' ? headerOf(request, name.toLowerCase()) : cookieOf(request, name);

/** Of several values the first that is not empty. */
const headerOf = ({ headers }: GatewayRequest, name: string): string => {
  const value = headers.get(name);
  if (value === undefined || typeof value === 'string') return value ?? '';
  return value.find((each) => each !== '') ?? '';
};

const cookieOf = (request: GatewayRequest, name: string): string => {
  const explicit = request.cookies.get(name);
  if (explicit !== undefined) return explicit;
  const header = request.headers.get('cookie');
  if (header === undefined) return '';
  return cookieIn(typeof header === 'string' ? header : header.join('; '), name);
};
