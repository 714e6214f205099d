/**
 * Whether there is a match, by a table: one look-up for each byte. The table is filled in as inputs ask for it. A row stands
 * for a set of automaton states that are alive; an early match ends the search, so no order of preference is kept.
 *
 * | entry | meaning |
 * |---|---|
 * | > 0 | the row of the next set |
 * | unknown | not asked for yet |
 * | matched, dead | the answer is known |
 * | refused | words of Unicode next to a byte beyond ASCII: not for a table |
 *
 * The table is bounded by `maxBytes`. When full it is emptied. A text for which that happens often, or for which more is to be
 * worked out than it has bytes, is left to the automaton; what the table has by then, it has for the next text.
 */
import type { Nfa } from './nfa.ts';
import { planSkip, type Skip } from './skip.ts';
import { Outcome, type Subset, SubsetStepper } from './subset.ts';

const unknown = 0;

/** `undecided`: ask the automaton. */
export const Answer = { no: 0, yes: 1, undecided: 2 } as const;
export type Answer = (typeof Answer)[keyof typeof Answer];

/** What is known of every match: the bytes it begins with, and how many it has at least. */
export interface MatchHints {
  readonly prefix: string;
  readonly minBytes: number;
}

/** What a set takes beside table row, members and key. */
const subsetBytes = 200;
const maxFlushesPerText = 2;
/** Members of sets to go on from, for one text; and one more for each of its bytes. */
const minWorkPerText = 4096;

export class LazyDfa {
  readonly #stepper: SubsetStepper;
  readonly #sampleOf: Uint8Array;
  readonly #classOf: Uint8Array;
  readonly #maxBytes: number;
  readonly #prefix: string;
  readonly #skip: Skip | undefined;
  /** Entries of a row: one for each class of bytes, one for the end of the text. */
  readonly #stride: number;
  #table: Int32Array;
  #subsets: Subset[] = [];
  #rows = new Map<string, number>();
  #bytes = 0;
  #flushes = 0;
  #work = 0;
  #lastFlush = 0;
  #lastWork = 0;
  #startRow: number = unknown;
  /** How many entries of the table were worked out, over all searches. */
  filled = 0;

  constructor(nfa: Nfa, { prefix, minBytes }: MatchHints, maxBytes: number) {
    this.#stepper = new SubsetStepper(nfa);
    this.#sampleOf = nfa.sampleOf;
    this.#classOf = nfa.classOf;
    this.#maxBytes = maxBytes;
    this.#prefix = prefix;
    this.#skip = prefix === '' ? this.#planSkip(nfa, minBytes) : undefined;
    this.#stride = nfa.sampleOf.length + 1;
    this.#table = new Int32Array(8 * this.#stride);
  }

  /** An assertion in front of a match has to see the byte before it: then nothing is skipped. */
  #planSkip(nfa: Nfa, minBytes: number): Skip | undefined {
    const start = this.#stepper.start();
    return typeof start === 'number' || start.isWaiting ? undefined : planSkip(nfa, minBytes);
  }

  /** What the table takes now. */
  get bytes(): number {
    return this.#bytes;
  }

  test(text: string): Answer {
    this.#lastFlush = this.#flushes + maxFlushesPerText;
    this.#lastWork = this.#work + minWorkPerText + text.length;
    const start = this.#startRow === unknown ? this.#start() : this.#startRow;
    if (start < 0) return answerOf(start);
    if (this.#prefix !== '') return this.#runFromPrefix(text, start);
    return this.#skip === undefined ? this.#run(text, start) : this.#runSkipping(text, start, this.#skip);
  }

  get #isSpent(): boolean {
    return this.#flushes > this.#lastFlush || this.#work > this.#lastWork;
  }

  #run(text: string, start: number): Answer {
    const classOf = this.#classOf;
    let table = this.#table;
    let row = start | 0;
    for (let i = 0; i < text.length; i++) {
      const entry = row + (classOf[text.charCodeAt(i) & 0xff] as number);
      row = table[entry] as number;
      if (row > 0) continue;
      if (row === unknown) {
        row = this.#fill(entry) | 0;
        table = this.#table;
        if (this.#isSpent) return Answer.undecided;
      }
      if (row < 0) return answerOf(row);
    }
    return this.#end(row);
  }

  /** As above; where nothing is begun, goes on at the next place where something can begin. */
  #runFromPrefix(text: string, start: number): Answer {
    const classOf = this.#classOf;
    let table = this.#table;
    let row = start | 0;
    let i = text.indexOf(this.#prefix);
    if (i < 0) return Answer.no;
    for (; i < text.length; i++) {
      const entry = row + (classOf[text.charCodeAt(i) & 0xff] as number);
      row = table[entry] as number;
      if (row === unknown) {
        row = this.#fill(entry) | 0;
        table = this.#table;
        if (this.#isSpent) return Answer.undecided;
      }
      if (row < 0) return answerOf(row);
      if (row !== this.#startRow) continue;
      i = text.indexOf(this.#prefix, i + 1) - 1;
      if (i < 0) return Answer.no;
    }
    return this.#end(row);
  }

  /** As above, by the last byte that a match beginning here would have in a window. */
  #runSkipping(text: string, start: number, { window, shift }: Skip): Answer {
    const classOf = this.#classOf;
    const flushes = this.#flushes;
    let table = this.#table;
    let row = start | 0;
    for (let i = 0; i < text.length; ) {
      if (row === start) {
        i = skipFrom(text, i, window, shift);
        if (i < 0) return Answer.no;
      }
      const entry = row + (classOf[text.charCodeAt(i++) & 0xff] as number);
      row = table[entry] as number;
      if (row > 0) continue;
      if (row === unknown) {
        row = this.#fill(entry) | 0;
        table = this.#table;
        if (this.#isSpent) return Answer.undecided;
        // Rows have other numbers now, and the start is no longer known by its own.
        if (this.#flushes !== flushes) return this.#run(text, this.#start());
      }
      if (row < 0) return answerOf(row);
    }
    return this.#end(row);
  }

  #end(row: number): Answer {
    const entry = row + this.#stride - 1;
    const known = this.#table[entry] as number;
    return answerOf(known === unknown ? this.#fill(entry) : known);
  }

  #start(): number {
    const subset = this.#stepper.start();
    this.#startRow = typeof subset === 'number' ? subset : this.#rowOf(subset);
    return this.#startRow;
  }

  /** Works out an entry. Where the table had to be emptied for it, the result alone is in the new one. */
  #fill(entry: number): number {
    this.filled++;
    const flushes = this.#flushes;
    const subset = this.#subsets[Math.floor(entry / this.#stride) - 1] as Subset;
    this.#work += subset.members.length + 1;
    const byte = this.#sampleOf[entry % this.#stride];
    const next = byte === undefined ? this.#stepper.end(subset) : this.#stepper.step(subset, byte);
    const result = typeof next === 'number' ? next : this.#rowOf(next);
    if (flushes === this.#flushes) this.#table[entry] = result;
    return result;
  }

  #rowOf(subset: Subset): number {
    const key = String.fromCharCode(subset.before, ...subset.members);
    return this.#rows.get(key) ?? this.#add(key, subset);
  }

  #add(key: string, subset: Subset): number {
    const size = 4 * this.#stride + 6 * subset.members.length + subsetBytes;
    if (this.#bytes + size > this.#maxBytes) this.#flush();
    this.#bytes += size;
    this.#subsets.push(subset);
    const row = this.#subsets.length * this.#stride;
    this.#rows.set(key, row);
    if (row + this.#stride > this.#table.length) this.#grow();
    return row;
  }

  #flush(): void {
    this.#flushes++;
    this.#bytes = 0;
    this.#subsets = [];
    this.#rows = new Map();
    this.#table.fill(unknown);
    this.#startRow = unknown;
  }

  #grow(): void {
    const table = new Int32Array(2 * this.#table.length);
    table.set(this.#table);
    this.#table = table;
  }
}

/** Where the window has a last byte that a match may have there; -1 if nowhere. */
const skipFrom = (text: string, from: number, window: number, shift: Uint8Array): number => {
  let last = from + window - 1;
  while (last < text.length) {
    const by = shift[text.charCodeAt(last) & 0xff] as number;
    if (by === 0) return last - window + 1;
    last += by;
  }
  return -1;
};

const answerOf = (entry: number): Answer =>
  entry === Outcome.matched ? Answer.yes : entry === Outcome.dead ? Answer.no : Answer.undecided;
