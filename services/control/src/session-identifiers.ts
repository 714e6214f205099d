/** What names the session of a request: an ordered list of headers, cookies and claims, the first one present counts. */
import type { SessionIdentifier, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { parseTokenIdentifier } from '@precede/tokens';
import { z } from 'zod';
import { issue, parseBody } from './parse.ts';
import type { Plan } from './plan.ts';
import { knownZone } from './zones.ts';

export const maxIdentifiers = 10;

/** RFC 9110 token; names of cookies are tokens too (RFC 6265). */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/** `<token configuration id>:<path>`; the configuration must be there, and the path give one value. */
const faultOfClaim = (zone: ZoneSnapshot, name: string): ReturnType<typeof issue> | undefined => {
  const colon = name.indexOf(':');
  if (colon < 1)
    return issue('invalid', 'must be <token configuration id>:<JSONPath>, such as …:$.sub', ['name']);
  const id = name.slice(0, colon);
  if (!zone.tokenConfigurations.has(id.toLowerCase()))
    return issue('identifierTokenUnknown', `there is no token configuration ${id} in this zone`, ['name']);
  const parsed = parseTokenIdentifier(name);
  if (parsed.kind === 'refused') {
    const { message, position } = parsed.fault;
    return issue('identifierPathInvalid', `character ${position + 1}: ${message}`, ['name']);
  }
  if (parsed.path.length > 0) return undefined;
  return issue('identifierPathInvalid', '$ is all claims: name one of them, such as $.sub', ['name']);
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
  const end = type === 'jwt' ? name.indexOf(':') : 0;
  return name.slice(0, end).toLowerCase() + name.slice(end);
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
