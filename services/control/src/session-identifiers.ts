/** What names the session of a request: an ordered list of headers, cookies and claims, the first one present counts. */
import type { SessionIdentifier, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { z } from 'zod';
import { isClaimPath } from './claim-path.ts';
import { issue, parseBody } from './parse.ts';
import type { Plan } from './plan.ts';
import { knownZone } from './zones.ts';

export const maxIdentifiers = 10;

/** RFC 9110 token; names of cookies are tokens too (RFC 6265). */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

const uuidLength = 36;
const uuidAndPath = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(.*)$/isu;

/** `<token configuration id>:<path>`; the configuration must be there. */
const faultOfClaim = (zone: ZoneSnapshot, name: string): ReturnType<typeof issue> | undefined => {
  const [, id, path] = uuidAndPath.exec(name) ?? [];
  if (id === undefined || path === undefined)
    return issue('invalid', 'must be <token configuration id>:<JSONPath>, such as …:$.sub', ['name']);
  if (!zone.tokenConfigurations.has(id.toLowerCase()))
    return issue('identifierTokenUnknown', `there is no token configuration ${id} in this zone`, ['name']);
  if (isClaimPath(path)) return undefined;
  return issue(
    'identifierPathInvalid',
    "must be a singular JSONPath of RFC 9535, names and indexes alone: $.sub, $['https://x/id'], $.ids[0]",
    ['name'],
  );
};

const identifier = (zone: ZoneSnapshot) =>
  z
    .strictObject({ type: z.enum(['header', 'cookie', 'jwt']), name: z.string().min(1).max(4096) })
    .superRefine((each, context) => {
      if (each.type === 'jwt') {
        const fault = faultOfClaim(zone, each.name);
        if (fault !== undefined) context.addIssue(fault);
      } else if (!token.test(each.name))
        context.addIssue(
          issue('invalid', `must be 1 to 128 characters that a ${each.type} name may have`, ['name']),
        );
    })
    // Names of headers have no case: one spelling, so that everybody hashes and looks up the same.
    .transform((each): SessionIdentifier => ({ ...each, name: canonicalName(each) }));

/** Neither names of headers nor UUIDs have a case. */
const canonicalName = ({ type, name }: SessionIdentifier): string => {
  if (type === 'header') return name.toLowerCase();
  return type === 'jwt' ? name.slice(0, uuidLength).toLowerCase() + name.slice(uuidLength) : name;
};

export const configurationBody = (zone: ZoneSnapshot) =>
  z.strictObject({
    auth_id_characteristics: z
      .array(identifier(zone))
      .max(maxIdentifiers)
      .superRefine((all, context) => {
        const seen = new Set<string>();
        for (const [i, each] of all.entries()) {
          const key = `${each.type} ${each.name}`;
          if (seen.has(key))
            context.addIssue(issue('identifierTwice', `${key} stands in the list twice`, [i]));
          seen.add(key);
        }
      }),
  });

export const configurationView = (identifiers: readonly SessionIdentifier[]) => ({
  auth_id_characteristics: identifiers,
});

export const setIdentifiers =
  (zoneId: ZoneId, body: unknown): Plan<ReturnType<typeof configurationView>> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const identifiers = parseBody(configurationBody(zone), body).auth_id_characteristics;
    return {
      zoneId,
      bodies: [{ kind: 'session_identifiers', id: zoneId, identifiers }],
      settings: zone.settings,
      result: () => configurationView(identifiers),
    };
  };
