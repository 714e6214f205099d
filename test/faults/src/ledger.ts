/**
 * Two accounts of the same records, what must be there and what is, compared exactly in little memory: records are told
 * in chains (those whose order among themselves is promised), and of each chain only the count and one running hash are
 * kept. Chains that differ are read a second time, in full, and told apart: lost, doubled, strange, out of order.
 */
import { hash } from 'node:crypto';

interface Chain {
  count: number;
  digest: string;
}

export class Account {
  readonly #chains = new Map<string, Chain>();
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #lines = new Map<string, string[]>();
  count = 0;

  /** Keeps the lines of the wanted chains as they are. */
  constructor(wanted?: ReadonlySet<string>) {
    this.#wanted = wanted;
  }

  add(chain: string, line: string): void {
    this.count++;
    if (this.#wanted !== undefined) {
      if (this.#wanted.has(chain)) this.#lines.set(chain, [...this.linesOf(chain), line]);
      return;
    }
    const known = this.#chains.get(chain);
    const digest = hash('sha1', (known?.digest ?? '') + line, 'base64');
    if (known === undefined) this.#chains.set(chain, { count: 1, digest });
    else {
      known.count++;
      known.digest = digest;
    }
  }

  linesOf(chain: string): readonly string[] {
    return this.#lines.get(chain) ?? [];
  }

  /** Chains that are not the same in both. */
  differing(other: Account): string[] {
    const chains = new Set([...this.#chains.keys(), ...other.#chains.keys()]);
    return [...chains].filter((chain) => {
      const [a, b] = [this.#chains.get(chain), other.#chains.get(chain)];
      return a?.count !== b?.count || a?.digest !== b?.digest;
    });
  }
}

export interface Differences {
  /** Expected and not there. */
  lost: number;
  /** There more often than expected, though expected. */
  doubled: number;
  /** There and never expected. */
  strange: number;
  /** Chains with the right records in another order. */
  outOfOrder: number;
  /** The first few, for a person. */
  readonly examples: string[];
}

export const createDifferences = (): Differences => ({
  lost: 0,
  doubled: 0,
  strange: 0,
  outOfOrder: 0,
  examples: [],
});

const shown = 12;

/** Adds what is different in one chain. */
export const compare = (
  found: Differences,
  chain: string,
  expected: readonly string[],
  seen: readonly string[],
): void => {
  const tell = (what: string, line: string): void => {
    if (found.examples.length < shown) found.examples.push(`${what} in ${chain}: ${line}`);
  };
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  let isOtherwise = false;
  for (const line of seen) {
    const count = left.get(line);
    if (count !== undefined && count > 0) {
      left.set(line, count - 1);
      continue;
    }
    isOtherwise = true;
    found[count === undefined ? 'strange' : 'doubled']++;
    tell(count === undefined ? 'strange' : 'doubled', line);
  }
  for (const [line, count] of left) {
    if (count === 0) continue;
    isOtherwise = true;
    found.lost += count;
    tell('lost', line);
  }
  if (isOtherwise) return;
  found.outOfOrder++;
  const at = expected.findIndex((line, i) => line !== seen[i]);
  tell('out of order', `place ${at} has ${seen[at]} and not ${expected[at]}`);
};
