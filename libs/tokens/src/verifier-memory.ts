/** What verifications found, kept for the next request with the same token; shared by the verifiers of a process. */
import { LRUCache } from 'lru-cache';
import type { KeySet } from './key-set.ts';
import type { Proven } from './verify.ts';

export interface Remembered extends Proven {
  /** What was found holds for these alone. */
  readonly keys: KeySet;
  readonly untilMs: number;
  /** Characters of the token: about as much memory as its claims take. */
  readonly size: number;
}

/** By id of the verifier and SHA-256 of the token. Full: the least used goes, and is verified anew when it comes again. */
export interface VerifierMemory {
  readonly proven: LRUCache<string, Remembered>;
  /** Apart, so that invented tokens cannot push out the real ones. */
  readonly failed: LRUCache<string, Remembered>;
}

export const createVerifierMemory = (): VerifierMemory => ({
  proven: new LRUCache({ max: 50_000, maxSize: 32 * 1024 * 1024, sizeCalculation: ({ size }) => size }),
  failed: new LRUCache({ max: 10_000 }),
});
