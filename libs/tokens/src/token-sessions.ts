/**
 * The token configurations and jwt identifiers of one zone snapshot, ready to be asked: from a request to claims, and
 * to the text that names its session. Immutable; made by Tokens, which keeps verifiers and keys beyond the snapshot.
 */

import { andThen, type Soon } from '@precede/service';
import { claimAt } from './claim.ts';
import type { ClaimPath } from './claim-path.ts';
import { type Claims, TokenOutcome } from './outcome.ts';
import type { FieldReader, TokenSource } from './token-source.ts';
import type { Verifier } from './verifier.ts';

export interface UsableConfiguration {
  readonly sources: readonly TokenSource[];
  readonly verifier: Verifier;
}

export interface TokenIdentifier {
  readonly configId: string;
  readonly path: ClaimPath;
}

export interface TokenSessionsParts {
  /** By id. */
  readonly configurations: ReadonlyMap<string, UsableConfiguration>;
  /** By name; each of a configuration that is among them. */
  readonly identifiers: ReadonlyMap<string, TokenIdentifier>;
  readonly onOutcome: (outcome: TokenOutcome) => void;
}

/** Of a request, by the id of the token configuration that its token verified by. */
export type ClaimsByConfiguration = ReadonlyMap<string, Claims>;

export class TokenSessions {
  readonly #parts: TokenSessionsParts;

  constructor(parts: TokenSessionsParts) {
    this.#parts = parts;
  }

  /**
   * The claim that the identifier of this name finds in the request, never empty; null: it does not count. At once
   * where the token is known; never rejects, and waits for no network. `timeMs`: when the request was made.
   */
  claimOf(name: string, fieldOf: FieldReader, timeMs: number): Soon<string | null> {
    const identifier = this.#parts.identifiers.get(name);
    const configuration = this.#parts.configurations.get(identifier?.configId ?? '');
    if (identifier === undefined || configuration === undefined) return null;
    return andThen(this.#ask(configuration, fieldOf, timeMs), (claims) => {
      if (claims === null) return null;
      const claim = claimAt(claims, identifier.path);
      this.#parts.onOutcome(claim === null ? TokenOutcome.noClaim : TokenOutcome.valid);
      return claim;
    });
  }

  /** The claims by all configurations of the zone, for rules that read them; in the same way. */
  allClaims(fieldOf: FieldReader, timeMs: number): Soon<ClaimsByConfiguration> {
    const ids = [...this.#parts.configurations.keys()];
    const asked = [...this.#parts.configurations.values()].map((each) => this.#ask(each, fieldOf, timeMs));
    const isKnown = (each: Soon<Claims | null>): each is Claims | null => !(each instanceof Promise);
    if (asked.every(isKnown)) return this.#byId(ids, asked);
    return Promise.all(asked).then((claims) => this.#byId(ids, claims));
  }

  /** As claimOf, of a request whose claims are known; counts only where they lack the claim. */
  claimIn(name: string, claims: ClaimsByConfiguration): string | null {
    const identifier = this.#parts.identifiers.get(name);
    const own = claims.get(identifier?.configId ?? '');
    if (identifier === undefined || own === undefined) return null;
    const claim = claimAt(own, identifier.path);
    if (claim === null) this.#parts.onOutcome(TokenOutcome.noClaim);
    return claim;
  }

  /** Resolves when each of the sources of keys has been tried once, or after the timeout. */
  async ready(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const all = [...this.#parts.configurations.values()].map(({ verifier }) => verifier.ready());
    await Promise.race([promise, Promise.all(all)]);
    clearTimeout(timer);
  }

  /** Counts what is not valid: what is, the caller knows more of. */
  #ask(
    { sources, verifier }: UsableConfiguration,
    fieldOf: FieldReader,
    timeMs: number,
  ): Soon<Claims | null> {
    const token = tokenIn(sources, fieldOf);
    if (token === '') {
      this.#parts.onOutcome(TokenOutcome.missing);
      return null;
    }
    return andThen(verifier.verify(token, timeMs), ({ outcome, claims }) => {
      if (claims === null) this.#parts.onOutcome(outcome);
      return claims;
    });
  }

  #byId(ids: readonly string[], all: readonly (Claims | null)[]): ClaimsByConfiguration {
    const found = new Map<string, Claims>();
    for (const [at, id] of ids.entries()) {
      const claims = all[at] ?? null;
      if (claims === null) continue;
      this.#parts.onOutcome(TokenOutcome.valid);
      found.set(id, claims);
    }
    return found;
  }
}

const tokenIn = (sources: readonly TokenSource[], fieldOf: FieldReader): string => {
  for (const source of sources) {
    const token = source(fieldOf);
    if (token !== '') return token;
  }
  return '';
};
