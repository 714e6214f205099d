/**
 * Verifies tokens by one configuration and remembers what it found, by the SHA-256 of the token: most requests of a
 * session carry the same one. A hit is answered at once. What is remembered holds for the keys it was found with; the
 * times are asked anew with every request.
 */
import { hash } from 'node:crypto';
import type { TokenConfiguration } from '@precede/contracts';
import { andThen, type Soon } from '@precede/service';
import type { JWTVerifyOptions } from 'jose';
import type { KeySet, KeySource } from './key-set.ts';
import { type Claims, TokenOutcome, type Verdict } from './outcome.ts';
import type { VerifierMemory } from './verifier-memory.ts';
import { maxTokenBytes, type Proven, proveToken, verifyOptionsOf } from './verify.ts';

/** What was found is asked anew after this long. */
const keepProvenMs = 300_000;
const keepFailedMs = 30_000;

export interface VerifierDeps {
  /** Unlike that of every other verifier with the same memory. */
  readonly id: string;
  readonly keys: KeySource;
  readonly memory: VerifierMemory;
  /** How long things are remembered is told by this clock, not by the times of requests. */
  readonly now: () => number;
}

export class Verifier {
  readonly #config: TokenConfiguration;
  readonly #options: JWTVerifyOptions;
  readonly #deps: VerifierDeps;
  /** A session opens with many requests at once: they share one verification. As many as callers wait. */
  readonly #pending = new Map<string, Promise<Proven>>();

  constructor(config: TokenConfiguration, deps: VerifierDeps) {
    this.#config = config;
    this.#options = verifyOptionsOf(config);
    this.#deps = deps;
  }

  /** Resolves once there has been one attempt to have keys. */
  ready(): Promise<void> {
    return this.#deps.keys.attempted();
  }

  /** `timeMs`: of the request. Never rejects, and waits for no network. */
  verify(token: string, timeMs: number): Soon<Verdict> {
    if (token.length > maxTokenBytes) return failure(TokenOutcome.malformed);
    const keys = this.#deps.keys.current();
    if (keys === undefined) return failure(TokenOutcome.keysUnavailable);
    return andThen(this.#prove(token, keys), (result) => {
      if (result.lacksKey) this.#deps.keys.missed();
      return result.claims === null ? failure(result.outcome) : this.#atTime(result.claims, timeMs);
    });
  }

  #prove(token: string, keys: KeySet): Soon<Proven> {
    const { memory, id, now } = this.#deps;
    const key = `${id} ${hash('sha256', token, 'base64')}`;
    const known = memory.proven.get(key) ?? memory.failed.get(key);
    if (known !== undefined && known.keys === keys && now() < known.untilMs) return known;
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const proving = proveToken(token, keys, this.#options).then((result) => {
      this.#pending.delete(key);
      this.#remember(key, result, keys, token.length);
      return result;
    });
    this.#pending.set(key, proving);
    return proving;
  }

  #remember(key: string, result: Proven, keys: KeySet, size: number): void {
    const { memory, now } = this.#deps;
    const nowMs = now();
    const isProven = result.claims !== null;
    const endMs = isProven ? this.#endOf(result.claims) : nowMs;
    // Of an import the tokens have long expired: they count at the time of their requests.
    const untilMs = endMs > nowMs ? Math.min(endMs, nowMs + keepProvenMs) : nowMs + keepFailedMs;
    (isProven ? memory.proven : memory.failed).set(key, { ...result, keys, untilMs, size });
  }

  #endOf({ exp }: Claims): number {
    return typeof exp === 'number' ? exp * 1000 + this.#config.clockToleranceMs : Number.POSITIVE_INFINITY;
  }

  #atTime(claims: Claims, timeMs: number): Verdict {
    const { exp, nbf } = claims;
    const tolerance = this.#config.clockToleranceMs;
    // jose stops at a token that is not valid yet before it has seen what kind of value exp has.
    if (exp !== undefined && typeof exp !== 'number') return failure(TokenOutcome.malformed);
    if (typeof nbf === 'number' && timeMs < nbf * 1000 - tolerance) return failure(TokenOutcome.notYetValid);
    if (timeMs >= this.#endOf(claims)) return failure(TokenOutcome.expired);
    return { outcome: TokenOutcome.valid, claims };
  }
}

const failures = Object.fromEntries(
  Object.values(TokenOutcome).map((outcome) => [outcome, { outcome, claims: null }]),
) as Readonly<Record<TokenOutcome, Verdict>>;

const failure = (outcome: TokenOutcome): Verdict => failures[outcome];
