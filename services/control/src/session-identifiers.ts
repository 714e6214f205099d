/** Which header or cookie names the session of a request: an ordered list, the first one present counts. */
import type { SessionIdentifier, ZoneId } from '@precede/contracts';
import { z } from 'zod';
import type { Plan } from './config-store.ts';
import { issue } from './parse.ts';
import { knownZone } from './zones.ts';

export const maxIdentifiers = 10;

/** RFC 9110 token; names of cookies are tokens too (RFC 6265). */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

const identifier = z
  .strictObject({ type: z.enum(['header', 'cookie', 'jwt']), name: z.string().min(1).max(4096) })
  .superRefine((each, context) => {
    if (each.type === 'jwt')
      context.addIssue(
        issue('identifierUnsupported', 'type jwt is not supported yet; name a header or a cookie', ['type']),
      );
    else if (!token.test(each.name))
      context.addIssue(
        issue('invalid', `must be 1 to 128 characters that a ${each.type} name may have`, ['name']),
      );
  })
  // Names of headers have no case: one spelling, so that everybody hashes and looks up the same.
  .transform(
    (each): SessionIdentifier => (each.type === 'header' ? { ...each, name: each.name.toLowerCase() } : each),
  );

export const configurationBody = z.strictObject({
  auth_id_characteristics: z
    .array(identifier)
    .max(maxIdentifiers)
    .superRefine((all, context) => {
      const seen = new Set<string>();
      for (const [i, each] of all.entries()) {
        const key = `${each.type} ${each.name}`;
        if (seen.has(key)) context.addIssue(issue('identifierTwice', `${key} stands in the list twice`, [i]));
        seen.add(key);
      }
    }),
});

export const configurationView = (identifiers: readonly SessionIdentifier[]) => ({
  auth_id_characteristics: identifiers,
});

export const setIdentifiers =
  (zoneId: ZoneId, identifiers: readonly SessionIdentifier[]): Plan<ReturnType<typeof configurationView>> =>
  (zones) => ({
    zoneId,
    bodies: [{ kind: 'session_identifiers', id: zoneId, identifiers }],
    settings: knownZone(zones, zoneId).settings,
    result: () => configurationView(identifiers),
  });
