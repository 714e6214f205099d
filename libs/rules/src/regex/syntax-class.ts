/** Classes in brackets: items, ranges, classes within classes, and the operators `&&`, `--` and `~~`, all from left to right. */
import { foldBytes, foldScalars } from './case-fold.ts';
import type { Cursor } from './cursor.ts';
import type { Flags } from './flags.ts';
import {
  intersect,
  lastByte,
  lastScalar,
  negate,
  type Ranges,
  rangesOf,
  subtract,
  symmetricDifference,
} from './ranges.ts';
import { type Primitive, parsePrimitive } from './syntax-escape.ts';

/** `height`: how deep the nesting is, counted as in the original. */
export interface ParsedClass {
  readonly set: Ranges;
  readonly height: number;
}

export const maxNesting = 250;

/** Of bytes, or of code points with flag u. The cursor is at the opening bracket. */
export const parseClass = (cursor: Cursor, flags: Flags): ParsedClass =>
  new ClassParser(cursor, flags).parse(1);

type Combine = (left: Ranges, right: Ranges) => Ranges;
const operators: ReadonlyMap<string, Combine> = new Map([
  ['&', intersect],
  ['-', subtract],
  ['~', symmetricDifference],
]);

/** What stands between two operators: ranges in any order. */
interface Union {
  pairs: number[];
  count: number;
  height: number;
}

const newUnion = (): Union => ({ pairs: [], count: 0, height: 0 });

/** A long list of ranges is put in order now and then, so that it stays short. */
const maxPairs = 16_384;

class ClassParser {
  readonly #cursor: Cursor;
  readonly #flags: Flags;
  readonly #largest: number;

  constructor(cursor: Cursor, flags: Flags) {
    this.#cursor = cursor;
    this.#flags = flags;
    this.#largest = flags.isUnicode ? lastScalar : lastByte;
  }

  parse(depth: number): ParsedClass {
    const start = this.#cursor.at;
    if (depth > maxNesting)
      this.#cursor.fail('nested_too_deep', 'classes are nested too deep', [start, start + 1]);
    const union = newUnion();
    const isNegated = this.#parseOpening(union, start);
    const { set, height } = this.#parseOperands(union, start, depth);
    const folded = this.#fold(set);
    return { set: isNegated ? negate(folded, this.#largest) : folded, height: height + 1 };
  }

  /** What may stand first and mean itself there: hyphens, or a closing bracket. */
  #parseOpening(union: Union, start: number): boolean {
    this.#bump(start);
    const isNegated = this.#cursor.char === '^';
    if (isNegated) this.#bump(start);
    while (this.#cursor.char === '-') {
      this.#addChar(union, '-');
      this.#bump(start);
    }
    if (union.count === 0 && this.#cursor.char === ']') {
      this.#addChar(union, ']');
      this.#bump(start);
    }
    return isNegated;
  }

  #bump(start: number): void {
    if (!this.#cursor.bumpAndSkip()) this.#failUnclosed(start);
  }

  #failUnclosed(start: number): never {
    return this.#cursor.fail(
      'class_unclosed',
      'the class is not closed',
      [start, start + 1],
      'for a bracket write \\[',
    );
  }

  #parseOperands(first: Union, start: number, depth: number): ParsedClass {
    let left: ParsedClass | undefined;
    let combine: Combine | undefined;
    for (let union = first; ; union = newUnion()) {
      const operator = this.#parseItems(union, start, depth);
      const right = { set: rangesOf(union.pairs), height: union.height + (union.count > 1 ? 1 : 0) };
      left = left === undefined || combine === undefined ? right : this.#combined(left, right, combine);
      if (operator === undefined) return left;
      combine = operator;
    }
  }

  #combined(left: ParsedClass, right: ParsedClass, combine: Combine): ParsedClass {
    const height = Math.max(left.height, right.height) + 1;
    if (height > maxNesting) this.#cursor.fail('nested_too_deep', 'classes are nested too deep');
    return { set: combine(this.#fold(left.set), this.#fold(right.set)), height };
  }

  /** Up to an operator, which is given back, or the closing bracket. */
  #parseItems(union: Union, start: number, depth: number): Combine | undefined {
    const cursor = this.#cursor;
    for (;;) {
      cursor.skipSpace();
      const { char } = cursor;
      if (cursor.isEnd) this.#failUnclosed(start);
      if (char === ']') {
        cursor.bump();
        return undefined;
      }
      const combine = operators.get(char);
      if (combine !== undefined && cursor.following === char) {
        cursor.at += 2;
        return combine;
      }
      if (char === '[') this.#parseInner(union, depth);
      else this.#parseRange(union, start);
    }
  }

  #parseInner(union: Union, depth: number): void {
    const posix = this.#parsePosix();
    if (posix !== undefined) {
      this.#addSet(union, posix, 0);
      return;
    }
    const { set, height } = this.parse(depth + 1);
    this.#addSet(union, set, height);
  }

  /** `[:alpha:]`; if it is none, a class within the class begins here. */
  #parsePosix(): Ranges | undefined {
    posixExpression.lastIndex = this.#cursor.at;
    const found = posixExpression.exec(this.#cursor.pattern);
    const set = posixClasses.get(found?.[2] ?? '');
    if (found === null || set === undefined) return undefined;
    this.#cursor.at += found[0].length;
    const folded = this.#fold(set);
    return found[1] === '' ? folded : negate(folded, this.#largest);
  }

  #parseRange(union: Union, start: number): void {
    const cursor = this.#cursor;
    const place = cursor.at;
    const first = parsePrimitive(cursor, this.#flags);
    cursor.skipSpace();
    if (cursor.isEnd) this.#failUnclosed(start);
    const after = cursor.char === '-' ? cursor.followingAfterSpace : ']';
    if (after === ']' || after === '-') {
      this.#addPrimitive(union, first, place);
      return;
    }
    this.#bump(start);
    const last = parsePrimitive(cursor, this.#flags);
    this.#addRange(union, first, last, [place, cursor.at]);
  }

  #addPrimitive(union: Union, primitive: Primitive, place: number): void {
    if (primitive.kind === 'look')
      this.#cursor.fail('class_escape_invalid', 'that is nothing for a class', [place, this.#cursor.at]);
    if (primitive.kind === 'class') this.#addSet(union, primitive.set, 0);
    else this.#addRange(union, primitive, primitive, [place, this.#cursor.at]);
  }

  #addRange(union: Union, first: Primitive, last: Primitive, place: readonly [number, number]): void {
    const cursor: Cursor = this.#cursor;
    if (first.kind !== 'char' || last.kind !== 'char')
      cursor.fail('class_range_invalid', 'a range goes from one character to another', place);
    if (first.scalar > last.scalar)
      this.#cursor.fail('class_range_invalid', 'the range ends before it starts', place);
    for (const { scalar, isByte } of [first, last])
      if (!this.#flags.isUnicode && scalar > 0x7f && !isByte)
        this.#cursor.fail(
          'unicode_off',
          'characters beyond ASCII need flag u in a class',
          place,
          'write (?u) in front',
        );
    this.#add(union, first.scalar, last.scalar);
  }

  #addChar(union: Union, char: string): void {
    this.#add(union, char.charCodeAt(0), char.charCodeAt(0));
  }

  #add(union: Union, first: number, last: number): void {
    union.pairs.push(first, last);
    union.count++;
  }

  #addSet(union: Union, set: Ranges, height: number): void {
    for (const bound of set) union.pairs.push(bound);
    if (union.pairs.length > maxPairs) union.pairs = [...rangesOf(union.pairs)];
    union.count++;
    union.height = Math.max(union.height, height);
  }

  #fold(set: Ranges): Ranges {
    if (!this.#flags.ignoresCase) return set;
    return this.#flags.isUnicode ? foldScalars(set) : foldBytes(set);
  }
}

const posixExpression = /\[:(\^?)([a-z]+):\]/y;

const posixClasses: ReadonlyMap<string, Ranges> = new Map([
  ['alnum', [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ['alpha', [0x41, 0x5a, 0x61, 0x7a]],
  ['ascii', [0x00, 0x7f]],
  ['blank', [0x09, 0x09, 0x20, 0x20]],
  ['cntrl', [0x00, 0x1f, 0x7f, 0x7f]],
  ['digit', [0x30, 0x39]],
  ['graph', [0x21, 0x7e]],
  ['lower', [0x61, 0x7a]],
  ['print', [0x20, 0x7e]],
  ['punct', [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ['space', [0x09, 0x0d, 0x20, 0x20]],
  ['upper', [0x41, 0x5a]],
  ['word', [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]],
  ['xdigit', [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
]);
