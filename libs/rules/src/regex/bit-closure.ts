/**
 * What a set of states in bits grows by without reading a byte, while certain assertions hold. Worked out word by word, in the
 * order of the pattern, so that one pass is enough:
 *
 * | edge | how it is followed |
 * |---|---|
 * | to the next place of the word | all of them by one addition, whose carries run along the edges |
 * | elsewhere within the word | by a table: four bits of the word → all that they lead to there |
 * | to a later word | jump |
 * | back into a loop | jumps to everything in the loop that is reached from there: nothing has to be passed again |
 */
import { bitOf, bitsPerWord, JumpList, type Jumps, type Layout, wordOf } from './bit-layout.ts';
import { type Nfa, StateKind } from './nfa.ts';

export interface Closure {
  /** Places with an edge. */
  readonly sources: Int32Array;
  /** Places with an edge to the next place of the word. */
  readonly runs: Int32Array;
  /** Where the table of a word begins in `tables`; -1 if it has but edges to the next place. */
  readonly tableOf: Int32Array;
  readonly tables: Int32Array;
  readonly jumps: Jumps;
  /** False: nothing is to be done. */
  readonly hasEdges: boolean;
}

/** Entries of a table: sixteen for each four bits. */
const tableSize = 128;

/** `held`: bit n is set if assertion n holds. O(states × nesting of loops). */
export const planClosure = (nfa: Nfa, layout: Layout, held: number): Closure =>
  new Planner(nfa, layout, held).plan();

class Planner {
  readonly #nfa: Nfa;
  readonly #layout: Layout;
  readonly #held: number;
  readonly #marks: Int32Array;
  #mark = 0;

  constructor(nfa: Nfa, layout: Layout, held: number) {
    this.#nfa = nfa;
    this.#layout = layout;
    this.#held = held;
    this.#marks = new Int32Array(layout.starts.length);
  }

  plan(): Closure {
    const { wordCount } = this.#layout;
    const sources = new Int32Array(wordCount);
    const runs = new Int32Array(wordCount);
    const tableOf = new Int32Array(wordCount).fill(-1);
    const tables: number[] = [];
    const jumps = new JumpList();
    for (let word = 0; word < wordCount; word++) {
      const isRunning = this.#planWord(word, sources, runs, jumps);
      if (isRunning) continue;
      tableOf[word] = tables.length;
      this.#addTable(word, tables);
    }
    const hasEdges = sources.some((bits) => bits !== 0);
    return { sources, runs, tableOf, tables: Int32Array.from(tables), jumps: jumps.finish(), hasEdges };
  }

  /** False if the word needs a table. */
  #planWord(word: number, sources: Int32Array, runs: Int32Array, jumps: JumpList): boolean {
    let isRunning = true;
    for (let place = word * bitsPerWord; place < (word + 1) * bitsPerWord; place++)
      for (const next of this.#edgesOf(place)) {
        sources[word] = (sources[word] as number) | bitOf(place);
        if (wordOf(next) > word) jumps.add(place, next);
        else if (wordOf(next) < word) this.#addLoop(place, next, jumps);
        else if (next === place + 1) runs[word] = (runs[word] as number) | bitOf(place);
        else isRunning = false;
      }
    jumps.closeWord();
    return isRunning;
  }

  /** Where a place leads to without a byte. */
  #edgesOf(place: number): readonly number[] {
    const { placeOf, states, starts } = this.#layout;
    const { kind, first, second } = this.#nfa;
    const edges: number[] = [];
    const add = (next: number | undefined): void => {
      const to = placeOf[next as number] as number;
      if (to !== place) edges.push(to);
    };
    for (let i = starts[place] as number; i < (starts[place + 1] ?? 0); i++) {
      const state = states[i] as number;
      const isLook = kind[state] === StateKind.look;
      if (kind[state] === StateKind.split || (isLook && this.#holds(second[state] as number)))
        add(first[state]);
      if (kind[state] === StateKind.split) add(second[state]);
    }
    return edges;
  }

  #holds(look: number): boolean {
    return (this.#held & (1 << look)) !== 0;
  }

  /** A loop is left by its end alone: what lies behind that is reached from there. */
  #addLoop(end: number, entry: number, jumps: JumpList): void {
    const words = new Map<number, number>();
    for (const place of this.#reached(entry, 0, end))
      words.set(wordOf(place), (words.get(wordOf(place)) ?? 0) | bitOf(place));
    for (const [word, bits] of words) jumps.addBits(end, word, bits);
  }

  /** Places from `first` up to `end` to which edges lead between these. */
  #reached(from: number, first: number, end: number): readonly number[] {
    this.#mark++;
    this.#marks[from] = this.#mark;
    const found = [from];
    for (let i = 0; i < found.length; i++)
      for (const next of this.#edgesOf(found[i] as number)) {
        if (next < first || next >= end || this.#marks[next] === this.#mark) continue;
        this.#marks[next] = this.#mark;
        found.push(next);
      }
    return found;
  }

  #addTable(word: number, tables: number[]): void {
    const first = word * bitsPerWord;
    const closures = Array.from({ length: bitsPerWord }, (_, i) =>
      this.#edgesOf(first + i).length === 0
        ? bitOf(i)
        : this.#reached(first + i, first, first + bitsPerWord).reduce(
            (bits, place) => bits | bitOf(place),
            0,
          ),
    );
    for (let entry = 0; entry < tableSize; entry++) {
      let bits = 0;
      for (let i = 0; i < 4; i++)
        if ((entry & (1 << i)) !== 0) bits |= closures[4 * (entry >> 4) + i] as number;
      tables.push(bits);
    }
  }
}

/** Adds to `words` all that is reached from them. */
export const close = (words: Int32Array, closure: Closure): void => {
  const { sources, runs, tableOf, tables, jumps } = closure;
  const { starts, masks, targets, bits } = jumps;
  let start = 0;
  for (let word = 0; word < words.length; word++) {
    const end = starts[word + 1] as number;
    let set = words[word] as number;
    if ((set & (sources[word] as number)) !== 0) {
      const table = tableOf[word] as number;
      if (table < 0) {
        const run = runs[word] as number;
        set |= (((set & run) + run) | 0) ^ run;
      } else set = spread(tables, table, set);
      words[word] = set;
      for (let i = start; i < end; i++)
        if ((set & (masks[i] as number)) !== 0) {
          const target = targets[i] as number;
          words[target] = (words[target] as number) | (bits[i] as number);
        }
    }
    start = end;
  }
};

const spread = (tables: Int32Array, table: number, set: number): number =>
  (tables[table + (set & 15)] as number) |
  (tables[table + 16 + ((set >>> 4) & 15)] as number) |
  (tables[table + 32 + ((set >>> 8) & 15)] as number) |
  (tables[table + 48 + ((set >>> 12) & 15)] as number) |
  (tables[table + 64 + ((set >>> 16) & 15)] as number) |
  (tables[table + 80 + ((set >>> 20) & 15)] as number) |
  (tables[table + 96 + ((set >>> 24) & 15)] as number) |
  (tables[table + 112 + (set >>> 28)] as number);
