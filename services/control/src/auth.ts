/**
 * Who is asking. A principal is what a token stands for: the zones it may see and what it may do there. Today there is
 * one, of the admin token in the configuration; stored tokens become principals of the same shape.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ZoneId } from '@precede/contracts';
import { apiError } from './errors.ts';

export const Permission = {
  analyticsRead: 'analytics read',
  rulesEdit: 'rules edit',
  endpointsEdit: 'endpoints edit',
  sequenceCookieEdit: 'sequence cookie edit',
  admin: 'admin',
} as const;
export type Permission = (typeof Permission)[keyof typeof Permission];

export interface Principal {
  readonly name: string;
  readonly zones: 'all' | ReadonlySet<ZoneId>;
  /** `admin` includes the others. */
  readonly permissions: ReadonlySet<Permission>;
}

export type Authenticate = (token: string) => Principal | undefined;

const admin: Principal = { name: 'admin', zones: 'all', permissions: new Set([Permission.admin]) };

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** Compares digests, so that neither the length nor a common beginning of the token shows in the time it takes. */
export const adminToken = (token: string): Authenticate => {
  const expected = digest(token);
  return (given) => (timingSafeEqual(digest(given), expected) ? admin : undefined);
};

export const principalOf = (authenticate: Authenticate, header: string | undefined): Principal => {
  const token = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(header ?? '')?.[1];
  if (token === undefined)
    throw apiError('unauthenticated', 'this API wants the header "Authorization: Bearer <token>"');
  const principal = authenticate(token);
  if (principal === undefined)
    throw apiError('unauthenticated', 'the bearer token is not known, or no longer');
  return principal;
};

export const mayAccess = (principal: Principal, zoneId: ZoneId): boolean =>
  principal.zones === 'all' || principal.zones.has(zoneId);

export const demand = (principal: Principal, permission: Permission, zoneId?: ZoneId): void => {
  const { permissions } = principal;
  if (!permissions.has(permission) && !permissions.has(Permission.admin))
    throw apiError('forbidden', `the token lacks the permission "${permission}"`);
  if (zoneId !== undefined && !mayAccess(principal, zoneId))
    throw apiError('forbidden', 'the token has no access to this zone');
};
