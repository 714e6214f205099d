/**
 * Counts of the sequences of one epoch of one partition: a trie per (zone, hour, form) keyed by the reversed sequence,
 * children found by (parent, operation) in one open-addressing table over typed arrays. Counts only grow, and what has
 * grown since it was last taken is dirty. Memory is bounded by the records of an epoch (at most 27 nodes each).
 */
import type { SequenceObserved, ZoneId } from '@precede/contracts';
import { collapsedNewestFirst, completesCollapsed, Form, lookbackStarts, rawNewestFirst } from './ngram.ts';
import { addToSketch, sketchValueOf } from './sketch.ts';

/** An absolute count within the epoch, with its sketch of distinct sessions. */
export interface CountRow {
  readonly zoneId: ZoneId;
  readonly form: Form;
  /** Start of the hour of event time, ms. */
  readonly hourMs: number;
  /** Oldest first. */
  readonly operations: readonly number[];
  readonly occurrences: number;
  readonly sessions: readonly number[];
}

interface Root {
  readonly zoneId: ZoneId;
  readonly form: Form;
  readonly hourMs: number;
  readonly node: number;
}

const hourLength = 3_600_000;
/** Start of the hour of a time. */
export const hourOf = (timeMs: number): number => timeMs - (timeMs % hourLength);

export class SequenceCounter {
  readonly #roots = new Map<string, Root>();
  #rootOf: (Root | undefined)[] = [];
  #parent = new Uint32Array(1024);
  #operation = new Uint32Array(1024);
  #count = new Uint32Array(1024);
  /** The one session of a node while it has only one; −1 where none. Most nodes never get a second. */
  #session = new Float64Array(1024);
  #sketches = new Map<number, number[]>();
  #isDirty = new Uint8Array(1024);
  #dirty: number[] = [];
  #size = 0;
  /** Node + 1 by hash of (parent, operation); 0 is free. At most half full. */
  #table = new Uint32Array(4096);

  /** Sequences held, inner nodes included. */
  get size(): number {
    return this.#size;
  }

  /** Counts that have grown since they were last taken. */
  get dirtyCount(): number {
    return this.#dirty.length;
  }

  /** Counts every occurrence the request completes; O(27). */
  add(event: SequenceObserved): void {
    const session = sketchValueOf(event.pseudonym);
    const hourMs = hourOf(event.timeMs);
    this.#bumpPath(this.#root(event.zoneId, hourMs, Form.raw), rawNewestFirst(event), session);
    if (!completesCollapsed(event)) return;
    this.#bumpPath(this.#root(event.zoneId, hourMs, Form.collapsed), collapsedNewestFirst(event), session);
    const end = this.#child(this.#root(event.zoneId, hourMs, Form.pair), event.operations.at(-1) as number);
    for (const start of lookbackStarts(event)) this.#bump(this.#child(end, start), session);
  }

  /** What has grown, as absolute counts; clean afterwards. */
  takeDirty(): CountRow[] {
    const rows = this.#dirty.map((node) => this.#row(node));
    for (const node of this.#dirty) this.#isDirty[node] = 0;
    this.#dirty = [];
    return rows;
  }

  #root(zoneId: ZoneId, hourMs: number, form: Form): number {
    const key = `${zoneId}${hourMs}${form}`;
    const known = this.#roots.get(key);
    if (known !== undefined) return known.node;
    const root: Root = { zoneId, form, hourMs, node: this.#newNode(0, 0) };
    this.#rootOf[root.node] = root;
    this.#roots.set(key, root);
    return root.node;
  }

  #bumpPath(root: number, newestFirst: readonly number[], session: number): void {
    let node = root;
    for (const operation of newestFirst) {
      node = this.#child(node, operation);
      this.#bump(node, session);
    }
  }

  #bump(node: number, session: number): void {
    this.#count[node] = (this.#count[node] as number) + 1;
    if (this.#isDirty[node] === 0) {
      this.#isDirty[node] = 1;
      this.#dirty.push(node);
    }
    const only = this.#session[node] as number;
    if (only === -1) this.#session[node] = session;
    else if (only !== session || this.#sketches.has(node)) this.#addSession(node, only, session);
  }

  #addSession(node: number, only: number, session: number): void {
    const known = this.#sketches.get(node);
    if (known !== undefined) addToSketch(known, session);
    else this.#sketches.set(node, only < session ? [only, session] : [session, only]);
  }

  #child(parent: number, operation: number): number {
    const mask = this.#table.length - 1;
    let slot = hashOf(parent, operation) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const node = (this.#table[slot] as number) - 1;
      if (node < 0) break;
      if (this.#parent[node] === parent && this.#operation[node] === operation) return node;
    }
    const node = this.#newNode(parent, operation);
    this.#table[slot] = node + 1;
    if (this.#size * 2 > this.#table.length) this.#growTable();
    return node;
  }

  #newNode(parent: number, operation: number): number {
    if (this.#size === this.#parent.length) this.#growNodes();
    const node = this.#size;
    this.#size += 1;
    this.#parent[node] = parent;
    this.#operation[node] = operation;
    this.#session[node] = -1;
    return node;
  }

  #growNodes(): void {
    const length = this.#parent.length * 2;
    this.#parent = grown(this.#parent, new Uint32Array(length));
    this.#operation = grown(this.#operation, new Uint32Array(length));
    this.#count = grown(this.#count, new Uint32Array(length));
    this.#session = grown(this.#session, new Float64Array(length));
    this.#isDirty = grown(this.#isDirty, new Uint8Array(length));
  }

  #growTable(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let node = 0; node < this.#size; node += 1) {
      if (this.#rootOf[node] !== undefined) continue;
      let slot = hashOf(this.#parent[node] as number, this.#operation[node] as number) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = node + 1;
    }
  }

  /** Walking up from a node meets the oldest operation first. */
  #row(node: number): CountRow {
    const operations: number[] = [];
    let at = node;
    let root = this.#rootOf[at];
    for (; root === undefined; root = this.#rootOf[at]) {
      operations.push(this.#operation[at] as number);
      at = this.#parent[at] as number;
    }
    return {
      zoneId: root.zoneId,
      form: root.form,
      hourMs: root.hourMs,
      operations,
      occurrences: this.#count[node] as number,
      sessions: [...(this.#sketches.get(node) ?? [this.#session[node] as number])],
    };
  }
}

const grown = <T extends Uint32Array | Float64Array | Uint8Array>(old: T, larger: T): T => {
  larger.set(old);
  return larger;
};

/** Multiplicative mixing of two 32-bit numbers (odd constants of xxHash32). */
const hashOf = (parent: number, operation: number): number => {
  let h = Math.imul(parent, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca77);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae3d);
  return (h ^ (h >>> 13)) >>> 0;
};
