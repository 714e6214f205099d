/**
 * Numbers for sequences: each sequence that is asked for, and each of its endings, gets one, and the parent of a sequence is
 * the ending without its oldest operation. Parents come before children; 0 is the empty sequence. O(length) an answer.
 */
import { grown, hashOf } from './typed-arrays.ts';

export class SequenceIndex {
  parent = new Uint32Array(256);
  /** The oldest operation of the sequence. */
  operation = new Uint32Array(256);
  depth = new Uint8Array(256);
  /** What comes before the last operation, once asked for by `contextOf`; 0 where unknown. */
  #context = new Uint32Array(256);
  #table = new Uint32Array(1024);
  #size = 1;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.parent.length * 13 + this.#table.length * 4;
  }

  /** The number of `operations`, oldest first. */
  of(operations: ArrayLike<number>): number {
    let node = 0;
    for (let i = operations.length - 1; i >= 0; i -= 1) node = this.child(node, operations[i] as number);
    return node;
  }

  /** The sequence with one more operation before it. */
  child(parent: number, operation: number): number {
    const mask = this.#table.length - 1;
    let slot = hashOf(parent, operation) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const node = this.#table[slot] as number;
      if (node === 0) break;
      if (this.parent[node] === parent && this.operation[node] === operation) return node;
    }
    return this.#newNode(parent, operation, slot);
  }

  /** The sequence without its last operation: of a b c it is a b. The parent's must have been asked for before. */
  contextOf(node: number): number {
    const known = this.#context[node] as number;
    if (known !== 0 || (this.depth[node] as number) < 2) return known;
    const context = this.child(
      this.#context[this.parent[node] as number] as number,
      this.operation[node] as number,
    );
    this.#context[node] = context;
    return context;
  }

  /** Oldest first. */
  operations(node: number): number[] {
    const operations: number[] = [];
    for (let at = node; at !== 0; at = this.parent[at] as number)
      operations.push(this.operation[at] as number);
    return operations;
  }

  /** The number of the last operation alone. */
  lastOf(node: number): number {
    let at = node;
    while ((this.depth[at] as number) > 1) at = this.parent[at] as number;
    return at;
  }

  #newNode(parent: number, operation: number, slot: number): number {
    if (this.#size === this.parent.length) this.#growNodes();
    const node = this.#size;
    this.#size += 1;
    this.parent[node] = parent;
    this.operation[node] = operation;
    this.depth[node] = (this.depth[parent] as number) + 1;
    this.#table[slot] = node;
    if (this.#size * 2 > this.#table.length) this.#growTable();
    return node;
  }

  #growNodes(): void {
    const length = this.parent.length * 2;
    this.parent = grown(this.parent, length);
    this.operation = grown(this.operation, length);
    this.depth = grown(this.depth, length);
    this.#context = grown(this.#context, length);
  }

  #growTable(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let node = 1; node < this.#size; node += 1) {
      let slot = hashOf(this.parent[node] as number, this.operation[node] as number) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = node;
    }
  }
}
