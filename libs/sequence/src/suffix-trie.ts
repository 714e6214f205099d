/**
 * Counts of sequences keyed by the reversed sequence, in typed arrays. A node is the sequence read from it up to its root,
 * oldest operation first; children are found by (parent, operation) in one open-addressing table.
 *
 *     root ── c ── b ── a        seen: a b c, x b c       c: 2, b c: 2, a b c: 1, x b c: 1
 *                    └─ x
 *
 * Most long sequences occur once. So a node without children may carry a tail: it then stands for all sequences from its own
 * up to the one with the whole tail, which have occurred equally often, in the same sessions. The next sequence that shares a
 * part of the tail splits it (path compression as in a Patricia trie, Morrison 1968). Exact; a third of the nodes.
 */
import { SketchPool } from './sketch-pool.ts';
import { grown, hashOf } from './typed-arrays.ts';

/** What an occurrence counts as. A sequence without direct repeats that occurs in raw form occurs in collapsed form too. */
export const Weight = { collapsed: 1, raw: 2, both: 3 } as const;
export type Weight = (typeof Weight)[keyof typeof Weight];

/** A node as it is read out. Arrays are valid until the trie changes or the next node is read. */
export interface NodeView {
  root: number;
  /** Oldest first, tail included. */
  operations: Uint32Array;
  /** The counts hold for every ending of `operations` from this length on. */
  firstLength: number;
  collapsed: number;
  raw: number;
  /** Sketch of the sessions; of the raw form where it has others. */
  sessions: Uint32Array;
  rawSessions: Uint32Array;
  /** At most so many occurrences were given up before the node was made. */
  missed: number;
}

/** A sequence has 9 operations: the node's own and a tail of 8. */
const tailSize = 8;
const nothing = new Uint32Array(0);
/** Typed arrays of a node and its share of a half full table. */
const nodeBytes = 6 * 4 + 4 + 3 + 12;

export class SuffixTrie {
  #parent = new Uint32Array(32);
  #operation = new Uint32Array(32);
  #collapsed = new Uint32Array(32);
  #raw = new Uint32Array(32);
  #missed = new Uint32Array(32);
  /** The one session while there is no sketch. */
  #session = new Uint32Array(32);
  /** Handle into the pool; 0: at most one session. */
  #sketch = new Uint32Array(32);
  #depth = new Uint8Array(32);
  #tailLength = new Uint8Array(32);
  #isDirty = new Uint8Array(32);
  #dirty: number[] = [];
  #size = 0;
  /** Place of the tail by node; few nodes without children have none. */
  #tail = new Uint32Array(32);
  #tails = new Uint32Array(32 * tailSize);
  #tailCount = 0;
  readonly #freeTails: number[] = [];
  /** Sessions of the raw form where they are others than those of the collapsed form. */
  readonly #rawSketches = new Map<number, number>();
  readonly #pool = new SketchPool();
  #roots: number[] = [];
  /** Node + 1 by hash of (parent, operation); 0 is free. At most half full. */
  #table = new Uint32Array(64);
  readonly #scratch = new Uint32Array(2 * tailSize + 2);

  get size(): number {
    return this.#size;
  }

  /** What the counts take; arrays in their growth not reckoned. */
  get bytes(): number {
    const tails = (this.#tailCount - this.#freeTails.length) * tailSize * 4;
    return this.#size * nodeBytes + tails + this.#pool.bytes;
  }

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  /** Roots are numbered from 0. */
  addRoot(): number {
    this.#roots.push(this.#newNode(0, 0, 0, 0));
    return this.#roots.length - 1;
  }

  /** One occurrence of every sequence that `newestFirst` ends with, up to its length. */
  add(root: number, newestFirst: readonly number[], weight: Weight, session: number, missed: number): void {
    this.#walk(this.#roots[root] as number, newestFirst, 0, newestFirst.length, weight, session, missed);
  }

  /** The same where both forms agree in the first `shared` operations alone: those count in both, the others apart. */
  addForked(
    root: number,
    collapsed: readonly number[],
    raw: readonly number[],
    shared: number,
    session: number,
    missed: number,
  ): void {
    const fork = this.#walk(this.#roots[root] as number, raw, 0, shared, Weight.both, session, missed);
    if (this.#tailLength[fork] !== 0) this.#split(fork, nothing, 0, 0);
    const end = this.#down(fork, raw, shared);
    this.#walk(end, collapsed, shared, collapsed.length, Weight.collapsed, session, missed);
    this.#walk(end, raw, shared, raw.length, Weight.raw, session, missed);
  }

  /** One occurrence of [start, end] for each of the starts, not of `end` alone. */
  addPairs(root: number, end: number, starts: readonly number[], session: number, missed: number): void {
    const parent = this.#childOrNew(this.#roots[root] as number, end, missed);
    for (let i = 0; i < starts.length; i += 1)
      this.#bump(this.#childOrNew(parent, starts[i] as number, missed), Weight.collapsed, session, 2);
  }

  /**
   * Shows each node that has grown since it was last shown and that occurred more than `above` times; the rest stays dirty.
   * The view is one and the same object.
   */
  takeDirty(above: number, visit: (view: NodeView) => void): void {
    const rest: number[] = [];
    const view = emptyView();
    for (const node of this.#dirty) {
      if (Math.max(this.#collapsed[node] as number, this.#raw[node] as number) <= above) {
        rest.push(node);
        continue;
      }
      this.#isDirty[node] = 0;
      visit(this.#show(node, view));
    }
    this.#dirty = rest;
  }

  /** A trie without what occurred `threshold` times at most and has nothing longer that stays, and how many sequences went, by root. */
  pruned(threshold: number): { readonly trie: SuffixTrie; readonly dropped: Float64Array } {
    const dropped = new Float64Array(this.#roots.length);
    const trie = this.#only(this.#staying(threshold, dropped));
    return { trie, dropped };
  }

  #staying(threshold: number, dropped: Float64Array): Uint8Array {
    const stays = new Uint8Array(this.#size);
    for (const root of this.#roots) stays[root] = 1;
    const rootIndex = new Map(this.#roots.map((node, index) => [node, index]));
    // A child is always younger than its parent, so this order meets children first.
    for (let node = this.#size - 1; node >= 0; node -= 1) {
      const count = Math.max(this.#collapsed[node] as number, this.#raw[node] as number);
      if (stays[node] === 0 && count > threshold) stays[node] = 1;
      if (stays[node] === 1) stays[this.#parent[node] as number] = 1;
      else if (count > 0) {
        const root = rootIndex.get(this.#rootNode(node)) as number;
        dropped[root] = (dropped[root] as number) + 1 + (this.#tailLength[node] as number);
      }
    }
    return stays;
  }

  #rootNode(node: number): number {
    let at = node;
    for (let depth = this.#depth[node] as number; depth > 0; depth -= 1) at = this.#parent[at] as number;
    return at;
  }

  /** Parents come before children, so the numbers they get are known in time. */
  #only(stays: Uint8Array): SuffixTrie {
    const fresh = new SuffixTrie();
    const renamed = new Uint32Array(this.#size);
    for (let node = 0; node < this.#size; node += 1) if (stays[node] === 1) this.#move(node, renamed, fresh);
    fresh.#roots = this.#roots.map((root) => renamed[root] as number);
    fresh.#dirty = this.#dirty.filter((node) => stays[node] === 1).map((node) => renamed[node] as number);
    return fresh;
  }

  #move(node: number, renamed: Uint32Array, fresh: SuffixTrie): void {
    const depth = this.#depth[node] as number;
    const parent = depth === 0 ? 0 : (renamed[this.#parent[node] as number] as number);
    const made = fresh.#newNode(parent, this.#operation[node] as number, depth, this.#missed[node] as number);
    renamed[node] = made;
    if (depth > 0) fresh.#enter(made);
    fresh.#collapsed[made] = this.#collapsed[node] as number;
    fresh.#raw[made] = this.#raw[node] as number;
    fresh.#session[made] = this.#session[node] as number;
    fresh.#isDirty[made] = this.#isDirty[node] as number;
    const sketch = this.#sketch[node] as number;
    if (sketch !== 0) fresh.#sketch[made] = movedSketch(this.#pool, sketch, fresh.#pool);
    const raw = this.#rawSketches.get(node);
    if (raw !== undefined) fresh.#rawSketches.set(made, movedSketch(this.#pool, raw, fresh.#pool));
    const length = this.#tailLength[node] as number;
    if (length === 0) return;
    const start = (this.#tail[node] as number) * tailSize;
    fresh.#setTail(made, this.#tails, start, start + length);
  }

  /** Returns the node that holds the last operation: itself, or within its tail. */
  #walk(
    from: number,
    newestFirst: readonly number[],
    begin: number,
    end: number,
    weight: Weight,
    session: number,
    missed: number,
  ): number {
    let node = from;
    for (let i = begin; i < end; i += 1) {
      const operation = newestFirst[i] as number;
      const child = this.#child(node, operation);
      if (child < 0) {
        node = this.#newChild(node, operation, missed);
        if (i + 1 < end) this.#setTail(node, newestFirst, i + 1, end);
        this.#bump(node, weight, session, i + 1);
        return node;
      }
      node = child;
      if (this.#tailLength[node] !== 0) {
        if (this.#hasTail(node, newestFirst, i + 1, end)) {
          this.#bump(node, weight, session, i + 1);
          return node;
        }
        this.#split(node, newestFirst, i + 1, end);
      }
      this.#bump(node, weight, session, i + 1);
    }
    return node;
  }

  /** The node of the first `length` operations, which is below or at `from`. */
  #down(from: number, newestFirst: readonly number[], length: number): number {
    let node = from;
    for (let i = this.#depth[from] as number; i < length; i += 1)
      node = this.#child(node, newestFirst[i] as number);
    return node;
  }

  #hasTail(node: number, newestFirst: readonly number[], begin: number, end: number): boolean {
    const length = this.#tailLength[node] as number;
    if (length !== end - begin) return false;
    const start = (this.#tail[node] as number) * tailSize;
    for (let i = 0; i < length; i += 1) if (this.#tails[start + i] !== newestFirst[begin + i]) return false;
    return true;
  }

  /**
   * Makes nodes of the part of the tail that the operations share, and leaves the rest as tail of one more. Without operations
   * the whole tail becomes nodes.
   */
  #split(node: number, newestFirst: ArrayLike<number>, begin: number, end: number): void {
    const length = this.#tailLength[node] as number;
    const place = this.#tail[node] as number;
    const start = place * tailSize;
    this.#tailLength[node] = 0;
    let last = node;
    let at = 0;
    const isWhole = newestFirst.length === 0;
    for (; at < length; at += 1) {
      if (!isWhole && (begin + at >= end || this.#tails[start + at] !== newestFirst[begin + at])) break;
      last = this.#copyOf(last, this.#tails[start + at] as number);
    }
    if (at < length) {
      const leaf = this.#copyOf(last, this.#tails[start + at] as number);
      if (at + 1 < length) this.#setTail(leaf, this.#tails, start + at + 1, start + length);
    }
    this.#freeTails.push(place);
  }

  /** A child that has occurred whenever its parent has. */
  #copyOf(parent: number, operation: number): number {
    const node = this.#newChild(parent, operation, this.#missed[parent] as number);
    this.#collapsed[node] = this.#collapsed[parent] as number;
    this.#raw[node] = this.#raw[parent] as number;
    this.#session[node] = this.#session[parent] as number;
    const sketch = this.#sketch[parent] as number;
    if (sketch !== 0) this.#sketch[node] = this.#pool.copy(sketch);
    const raw = this.#rawSketches.get(parent);
    if (raw !== undefined) this.#rawSketches.set(node, this.#pool.copy(raw));
    // What was shown with the tail need not be shown again.
    if (this.#isDirty[parent] === 1) this.#markDirty(node);
    return node;
  }

  #setTail(node: number, from: ArrayLike<number>, begin: number, end: number): void {
    let place = this.#freeTails.pop();
    if (place === undefined) {
      place = this.#tailCount;
      this.#tailCount += 1;
      if (this.#tailCount * tailSize > this.#tails.length)
        this.#tails = grown(this.#tails, this.#tails.length * 2);
    }
    const start = place * tailSize;
    for (let i = begin; i < end; i += 1) this.#tails[start + i - begin] = from[i] as number;
    this.#tail[node] = place;
    this.#tailLength[node] = end - begin;
  }

  #bump(node: number, weight: Weight, session: number, depth: number): void {
    const collapsed = this.#collapsed[node] as number;
    const raw = this.#raw[node] as number;
    // A single operation has the same sessions in both forms, but for a run that began in the hour before. It is never listed,
    // so it needs no second sketch.
    if ((weight !== Weight.both || collapsed !== raw) && depth > 1)
      this.#keepRawSessions(node, weight, session);
    if (collapsed + raw === 0) this.#session[node] = session;
    else if (weight !== Weight.raw || collapsed === 0 || depth === 1) this.#addSession(node, session);
    if (weight !== Weight.raw) this.#collapsed[node] = collapsed + 1;
    if (weight !== Weight.collapsed) this.#raw[node] = raw + 1;
    if (this.#isDirty[node] === 0) this.#markDirty(node);
  }

  #markDirty(node: number): void {
    this.#isDirty[node] = 1;
    this.#dirty.push(node);
  }

  #addSession(node: number, session: number): void {
    const handle = this.#sketch[node] as number;
    if (handle !== 0) {
      this.#sketch[node] = this.#pool.add(handle, session);
      return;
    }
    const only = this.#session[node] as number;
    if (only !== session) this.#sketch[node] = this.#pool.add(this.#pool.of(only), session);
  }

  /** Before the occurrence is counted. Forms part when one of them misses an occurrence that the other has. */
  #keepRawSessions(node: number, weight: Weight, session: number): void {
    const collapsed = this.#collapsed[node] as number;
    const raw = this.#raw[node] as number;
    if (weight === Weight.raw) return;
    const known = this.#rawSketches.get(node);
    if (weight === Weight.both)
      this.#rawSketches.set(
        node,
        known === undefined ? this.#pool.of(session) : this.#pool.add(known, session),
      );
    else if (collapsed === raw && raw > 0 && known === undefined) {
      const sketch = this.#sketch[node] as number;
      const copy = sketch === 0 ? this.#pool.of(this.#session[node] as number) : this.#pool.copy(sketch);
      this.#rawSketches.set(node, copy);
    }
  }

  #show(node: number, view: NodeView): NodeView {
    const depth = this.#depth[node] as number;
    const tailLength = this.#tailLength[node] as number;
    const length = depth + tailLength;
    const start = (this.#tail[node] as number) * tailSize;
    for (let i = 0; i < tailLength; i += 1)
      this.#scratch[tailLength - 1 - i] = this.#tails[start + i] as number;
    let at = node;
    for (let i = tailLength; i < length; i += 1) {
      this.#scratch[i] = this.#operation[at] as number;
      at = this.#parent[at] as number;
    }
    view.root = this.#roots.indexOf(at);
    view.operations = this.#scratch.subarray(0, length);
    view.firstLength = depth;
    view.collapsed = this.#collapsed[node] as number;
    view.raw = this.#raw[node] as number;
    const sketch = this.#sketch[node] as number;
    view.sessions = sketch === 0 ? this.#session.subarray(node, node + 1) : this.#pool.values(sketch);
    const raw = this.#rawSketches.get(node);
    view.rawSessions = raw === undefined ? nothing : this.#pool.values(raw);
    view.missed = this.#missed[node] as number;
    return view;
  }

  #child(parent: number, operation: number): number {
    const mask = this.#table.length - 1;
    for (let slot = hashOf(parent, operation) & mask; ; slot = (slot + 1) & mask) {
      const node = (this.#table[slot] as number) - 1;
      if (node < 0 || (this.#parent[node] === parent && this.#operation[node] === operation)) return node;
    }
  }

  #childOrNew(parent: number, operation: number, missed: number): number {
    const known = this.#child(parent, operation);
    return known < 0 ? this.#newChild(parent, operation, missed) : known;
  }

  #newChild(parent: number, operation: number, missed: number): number {
    const node = this.#newNode(parent, operation, (this.#depth[parent] as number) + 1, missed);
    this.#enter(node);
    return node;
  }

  #newNode(parent: number, operation: number, depth: number, missed: number): number {
    if (this.#size === this.#parent.length) this.#growNodes();
    const node = this.#size;
    this.#size += 1;
    this.#parent[node] = parent;
    this.#operation[node] = operation;
    this.#depth[node] = depth;
    this.#missed[node] = missed;
    return node;
  }

  #enter(node: number): void {
    if (this.#size * 2 > this.#table.length) this.#growTable();
    this.#place(node);
  }

  #place(node: number): void {
    const mask = this.#table.length - 1;
    let slot = hashOf(this.#parent[node] as number, this.#operation[node] as number) & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = node + 1;
  }

  #growTable(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    // The newest node is entered by the caller.
    for (let node = 0; node < this.#size - 1; node += 1) if (this.#depth[node] !== 0) this.#place(node);
  }

  #growNodes(): void {
    const length = this.#parent.length * 2;
    this.#parent = grown(this.#parent, length);
    this.#operation = grown(this.#operation, length);
    this.#collapsed = grown(this.#collapsed, length);
    this.#raw = grown(this.#raw, length);
    this.#missed = grown(this.#missed, length);
    this.#session = grown(this.#session, length);
    this.#sketch = grown(this.#sketch, length);
    this.#tail = grown(this.#tail, length);
    this.#depth = grown(this.#depth, length);
    this.#tailLength = grown(this.#tailLength, length);
    this.#isDirty = grown(this.#isDirty, length);
  }
}

const emptyView = (): NodeView => ({
  root: 0,
  operations: nothing,
  firstLength: 0,
  collapsed: 0,
  raw: 0,
  sessions: nothing,
  rawSessions: nothing,
  missed: 0,
});

const movedSketch = (from: SketchPool, handle: number, to: SketchPool): number => {
  let moved = 0;
  for (const value of from.values(handle)) moved = moved === 0 ? to.of(value) : to.add(moved, value);
  return moved;
};
