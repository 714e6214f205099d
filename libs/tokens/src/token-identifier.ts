/** The name of a session identifier of type jwt: `<token configuration>:<claim path>`. */
import { type ClaimPath, type ClaimPathFault, parseClaimPath } from './claim-path.ts';

export type ParsedTokenIdentifier =
  | { readonly kind: 'parsed'; readonly configId: string; readonly path: ClaimPath }
  | { readonly kind: 'refused'; readonly fault: ClaimPathFault };

/** Whether there is such a configuration is asked by who knows them. Positions of faults are those of the name. */
export const parseTokenIdentifier = (name: string): ParsedTokenIdentifier => {
  const colon = name.indexOf(':');
  if (colon < 1)
    return {
      kind: 'refused',
      fault: { message: 'expected <token configuration id>:<claim path>', position: 0 },
    };
  const parsed = parseClaimPath(name.slice(colon + 1));
  if (parsed.kind === 'parsed') return { ...parsed, configId: name.slice(0, colon) };
  const { message, position } = parsed.fault;
  return { kind: 'refused', fault: { message, position: colon + 1 + position } };
};
