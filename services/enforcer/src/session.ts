/**
 * Which session a request belongs to, as in ingest: an explicit one, else the first of the zone's identifiers that is
 * present and not empty. Values are hashed at once and neither stored nor logged.
 */
import type { SessionId, SessionIdentifier } from '@precede/contracts';
import { cookieIn, sessionIdOf } from '@precede/service';
import type { DecideRequest } from './request.ts';
import type { ZoneTable } from './zone-table.ts';

export const sessionOf = (request: DecideRequest, table: ZoneTable): SessionId | null => {
  const explicit = request.session;
  if (explicit !== null) return sessionIdOf(table.secret, explicit.type, explicit.name, explicit.value);
  for (const identifier of table.identifiers) {
    const value = textOf(request, identifier);
    if (value !== '') return sessionIdOf(table.secret, identifier.type, identifier.name, value);
  }
  return null;
};

const textOf = (request: DecideRequest, { type, name }: SessionIdentifier): string => {
  switch (type) {
    case 'header':
      return headerOf(request.headers, name.toLowerCase());
    case 'cookie':
      return request.cookies.get(name) ?? cookieIn(headerOf(request.headers, 'cookie'), name);
    case 'jwt':
      // A token counts only when it verifies, which this version cannot do.
      return '';
    default:
      return type satisfies never;
  }
};

const headerOf = (headers: ReadonlyMap<string, string>, name: string): string => headers.get(name) ?? '';
