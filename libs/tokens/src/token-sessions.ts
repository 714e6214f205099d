/**
 * The jwt identifiers of one zone snapshot, ready to be asked: from a request to the text that names its session.
 * Immutable; made by Tokens, which keeps verifiers and keys beyond the snapshot.
 */
import { claimAt } from './claim.ts';
import type { ClaimPath } from './claim-path.ts';
import { TokenOutcome, type Verdict } from './outcome.ts';
import { andThen, type Soon } from './soon.ts';
import type { FieldReader, TokenSource } from './token-source.ts';
import type { Verifier } from './verifier.ts';

export interface TokenIdentifier {
  readonly sources: readonly TokenSource[];
  readonly verifier: Verifier;
  readonly path: ClaimPath;
}

export type OnOutcome = (outcome: TokenOutcome) => void;

export class TokenSessions {
  readonly #identifiers: ReadonlyMap<string, TokenIdentifier>;
  readonly #onOutcome: OnOutcome;

  constructor(identifiers: ReadonlyMap<string, TokenIdentifier>, onOutcome: OnOutcome) {
    this.#identifiers = identifiers;
    this.#onOutcome = onOutcome;
  }

  /**
   * The claim that the identifier of this name finds in the request, never empty; null: it does not count. At once
   * where the token is known; never rejects, and waits for no network. `timeMs`: when the request was made.
   */
  claimOf(name: string, fieldOf: FieldReader, timeMs: number): Soon<string | null> {
    const identifier = this.#identifiers.get(name);
    if (identifier === undefined) return null;
    const token = tokenIn(identifier.sources, fieldOf);
    if (token === '') return this.#end(TokenOutcome.missing);
    return andThen(identifier.verifier.verify(token, timeMs), (verdict) =>
      this.#claimIn(verdict, identifier.path),
    );
  }

  /** Resolves when each of the sources of keys has been tried once, or after the timeout. */
  async ready(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const all = [...this.#identifiers.values()].map(({ verifier }) => verifier.ready());
    await Promise.race([promise, Promise.all(all)]);
    clearTimeout(timer);
  }

  #claimIn(verdict: Verdict, path: ClaimPath): string | null {
    if (verdict.claims === null) return this.#end(verdict.outcome);
    const claim = claimAt(verdict.claims, path);
    if (claim === null) return this.#end(TokenOutcome.noClaim);
    this.#onOutcome(TokenOutcome.valid);
    return claim;
  }

  #end(outcome: TokenOutcome): null {
    this.#onOutcome(outcome);
    return null;
  }
}

const tokenIn = (sources: readonly TokenSource[], fieldOf: FieldReader): string => {
  for (const source of sources) {
    const token = source(fieldOf);
    if (token !== '') return token;
  }
  return '';
};
