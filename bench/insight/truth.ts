/**
 * The planted probability of wanted sequences, from a sample of its own that is many times a day, and how much more the
 * score of a day varies than independent occurrences would: the design effect of sessions as clusters (L. Kish, Survey
 * Sampling, 1965), by the linearised variance of a ratio.
 */
export interface Planted {
  /** P(last operation is preceded, directly and in order, by the others). */
  readonly probability: number;
  /** Variance of the score ÷ that of a binomial share of the same occurrences; NaN where it has none. */
  readonly designEffect: number;
  /** Expected occurrences of the sequence in a session. */
  readonly perSession: number;
}

interface Node {
  readonly longer: Map<number, Node>;
  isWanted: boolean;
  /** Of the session at hand. */
  hits: number;
  /** Sums over sessions: hits, their squares, hits × occurrences of the last operation. */
  sum: number;
  squares: number;
  products: number;
}
const newNode = (): Node => ({
  longer: new Map(),
  isWanted: false,
  hits: 0,
  sum: 0,
  squares: 0,
  products: 0,
});

export class PlantedSample {
  /** Sequences read backwards. */
  readonly #root = newNode();
  #sessions = 0;

  constructor(wanted: Iterable<readonly number[]>) {
    for (const operations of wanted) this.#nodeOf(operations, true).isWanted = true;
  }

  /** Operations of one session, collapsed, oldest first. */
  add(operations: readonly number[]): void {
    this.#sessions += 1;
    const touched = new Map<Node, Node[]>();
    for (let end = 0; end < operations.length; end += 1) {
      const last = this.#root.longer.get(operations[end] as number);
      if (last === undefined) continue;
      let hit = touched.get(last);
      if (hit === undefined) {
        hit = [];
        touched.set(last, hit);
      }
      last.hits += 1;
      let node: Node | undefined = last;
      for (let at = end - 1; at >= 0; at -= 1) {
        node = node.longer.get(operations[at] as number);
        if (node === undefined) break;
        if (!node.isWanted) continue;
        if (node.hits === 0) hit.push(node);
        node.hits += 1;
      }
    }
    for (const [last, hit] of touched) {
      const { hits } = last;
      for (const node of [...hit, last]) this.#close(node, hits);
    }
  }

  #close(node: Node, lastHits: number): void {
    node.sum += node.hits;
    node.squares += node.hits * node.hits;
    node.products += node.hits * lastHits;
    node.hits = 0;
  }

  plantedOf(operations: readonly number[]): Planted {
    const last = this.#nodeOf(operations.slice(-1), false);
    const node = this.#nodeOf(operations, false);
    const probability = node.sum / last.sum;
    const scatter = node.squares - 2 * probability * node.products + probability * probability * last.squares;
    return {
      probability,
      designEffect: scatter / (probability * (1 - probability) * last.sum),
      perSession: node.sum / this.#sessions,
    };
  }

  #nodeOf(operations: readonly number[], isMade: boolean): Node {
    let node = this.#root;
    for (const operation of operations.toReversed()) {
      let longer = node.longer.get(operation);
      if (longer === undefined) {
        if (!isMade) throw new Error(`${operations} was not wanted`);
        longer = newNode();
        node.longer.set(operation, longer);
      }
      node = longer;
    }
    return node;
  }
}
