/**
 * From a pattern to its tree. The grammar and its corners are those of Rust's `regex-syntax` 0.8. Recursion is as deep as
 * groups are nested, and that is bounded.
 */
import { foldBytes, foldScalars } from './case-fold.ts';
import { Cursor } from './cursor.ts';
import { faultOf, PatternError, type RegexFault } from './fault.ts';
import { type Flags, noFlags, parseFlags } from './flags.ts';
import type { Hir } from './hir.ts';
import * as hir from './hir.ts';
import { Look } from './look.ts';
import { lastByte, lastScalar, negate, type Ranges } from './ranges.ts';
import { maxNesting, parseClass } from './syntax-class.ts';
import { parseCounts } from './syntax-count.ts';
import { type Primitive, parsePrimitive } from './syntax-escape.ts';
import { utf8TextOf } from './utf8.ts';

export type ParsedPattern =
  | { readonly kind: 'parsed'; readonly hir: Hir; readonly groupCount: number }
  | { readonly kind: 'refused'; readonly fault: RegexFault };

/** Refused as well if the leaves of the tree alone take more than `maxStates`. */
export const parsePattern = (pattern: string, maxStates: number): ParsedPattern => {
  if (!pattern.isWellFormed())
    return { kind: 'refused', fault: faultOf('not_text', 'the pattern is no text', [0, pattern.length]) };
  try {
    return new Parser(pattern, maxStates).parse();
  } catch (error) {
    if (error instanceof PatternError) return { kind: 'refused', fault: error.fault };
    throw error;
  }
};

/** A part of the tree. `height`: how deep it is nested, counted as in the original. `isFlags`: `(?i)`, which cannot be repeated. */
interface Piece {
  readonly hir: Hir;
  readonly height: number;
  readonly isFlags: boolean;
}

const flagsPiece: Piece = { hir: hir.empty, height: 0, isFlags: true };

class Parser {
  readonly #cursor: Cursor;
  readonly #maxStates: number;
  readonly #names = new Set<string>();
  #flags = noFlags;
  #groups = 0;
  #leafStates = 0;

  constructor(pattern: string, maxStates: number) {
    this.#cursor = new Cursor(pattern);
    this.#maxStates = maxStates;
  }

  parse(): ParsedPattern {
    const { hir: tree } = this.#parseBranches(0);
    if (!this.#cursor.isEnd)
      this.#cursor.fail('group_unopened', 'no group is open here', undefined, 'for a parenthesis write \\)');
    return { kind: 'parsed', hir: tree, groupCount: this.#groups + 1 };
  }

  /** Up to a closing parenthesis or the end. */
  #parseBranches(depth: number): Piece {
    const branches = [this.#parsePieces(depth)];
    while (this.#cursor.bumpIf('|')) branches.push(this.#parsePieces(depth));
    return this.#joined(branches, hir.alternation);
  }

  #parsePieces(depth: number): Piece {
    const pieces: Piece[] = [];
    for (;;) {
      this.#cursor.skipSpace();
      const { char } = this.#cursor;
      if (char === '' || char === ')' || char === '|') return this.#joined(pieces, hir.concatenation);
      if (char === '(') pieces.push(this.#parseGroup(depth + 1));
      else if (char === '?' || char === '*' || char === '+') this.#parseOperator(pieces, char);
      else if (char === '{') this.#parseCounted(pieces);
      else pieces.push(this.#parseLeaf(char));
    }
  }

  #joined(pieces: readonly Piece[], join: (items: readonly Hir[]) => Hir): Piece {
    if (pieces.length === 1) return { ...(pieces[0] as Piece), isFlags: false };
    const height = pieces.reduce((highest, piece) => Math.max(highest, piece.height), -1) + 1;
    return this.#piece(join(pieces.map((piece) => piece.hir)), height);
  }

  #piece(tree: Hir, height: number): Piece {
    if (height > maxNesting) this.#failDeep();
    return { hir: tree, height, isFlags: false };
  }

  #failDeep(): never {
    return this.#cursor.fail('nested_too_deep', 'groups and repetitions are nested too deep');
  }

  #parseLeaf(char: string): Piece {
    if (char === '[') {
      const { set, height } = parseClass(this.#cursor, this.#flags);
      return this.#leaf(this.#classOf(set), height);
    }
    const operator = '.^$'.includes(char) ? this.#operatorOf(char) : undefined;
    if (operator === undefined)
      return this.#leaf(this.#primitiveOf(parsePrimitive(this.#cursor, this.#flags)), 0);
    this.#cursor.bump();
    return this.#leaf(operator, 0);
  }

  #leaf(tree: Hir, height: number): Piece {
    this.#leafStates += tree.states;
    if (this.#leafStates > this.#maxStates) this.#failLarge();
    return this.#piece(tree, height);
  }

  #failLarge(): never {
    return this.#cursor.fail('too_large', 'the pattern is too large', [0, this.#cursor.pattern.length]);
  }

  #classOf(set: Ranges): Hir {
    return this.#flags.isUnicode ? hir.scalarClass(set) : hir.byteClass(set);
  }

  #operatorOf(char: string): Hir {
    if (char === '.') return this.#classOf(dotOf(this.#flags));
    const { isMultiLine, isCrlf } = this.#flags;
    if (!isMultiLine) return hir.assertion(char === '^' ? Look.textStart : Look.textEnd);
    if (isCrlf) return hir.assertion(char === '^' ? Look.crlfLineStart : Look.crlfLineEnd);
    return hir.assertion(char === '^' ? Look.lineStart : Look.lineEnd);
  }

  #primitiveOf(primitive: Primitive): Hir {
    if (primitive.kind === 'look') return hir.assertion(primitive.look);
    if (primitive.kind === 'class') return this.#classOf(primitive.set);
    const { scalar, isByte } = primitive;
    if (!this.#flags.isUnicode && (isByte || scalar <= 0x7f))
      return hir.byteClass(this.#fold([scalar, scalar]));
    if (this.#flags.isUnicode && this.#flags.ignoresCase)
      return hir.scalarClass(this.#fold([scalar, scalar]));
    return hir.literal(utf8TextOf(scalar));
  }

  #fold(set: Ranges): Ranges {
    if (!this.#flags.ignoresCase) return set;
    return this.#flags.isUnicode ? foldScalars(set) : foldBytes(set);
  }

  #parseOperator(pieces: Piece[], char: string): void {
    const repeated = this.#takeRepeated(pieces);
    const isLazy = this.#cursor.bump() && this.#cursor.bumpIf('?');
    const max = char === '?' ? 1 : Number.POSITIVE_INFINITY;
    pieces.push(this.#repeated(repeated, char === '+' ? 1 : 0, max, isLazy));
  }

  #takeRepeated(pieces: Piece[]): Piece {
    const last = pieces.pop();
    if (last === undefined || last.isFlags)
      return this.#cursor.fail(
        'repetition_missing',
        'there is nothing to repeat',
        undefined,
        'put a backslash in front',
      );
    return last;
  }

  #repeated({ hir: item, height }: Piece, min: number, max: number, isLazy: boolean): Piece {
    return this.#piece(hir.repetition(item, min, max, isLazy === this.#flags.isSwapped), height + 1);
  }

  #parseCounted(pieces: Piece[]): void {
    const repeated = this.#takeRepeated(pieces);
    const { min, max, isLazy } = parseCounts(this.#cursor);
    pieces.push(this.#repeated(repeated, min, max, isLazy));
  }

  /** The cursor is at the opening parenthesis. */
  #parseGroup(depth: number): Piece {
    const cursor = this.#cursor;
    const open = cursor.at;
    if (depth > maxNesting) this.#failDeep();
    cursor.bumpAndSkip();
    for (const prefix of ['?=', '?!', '?<=', '?<!']) if (cursor.bumpIf(prefix)) this.#failLookAround(open);
    const outer = this.#flags;
    const isVerboseOutside = cursor.isVerbose;
    if (cursor.bumpIf('?P<') || cursor.bumpIf('?<'))
      return this.#parseCapture(open, this.#parseName(open), depth);
    if (!cursor.bumpIf('?')) return this.#parseCapture(open, null, depth);
    const { flags, isVerbose, count } = parseFlags(cursor, outer, open);
    this.#flags = flags;
    cursor.isVerbose = isVerbose;
    if (cursor.bumpIf(')')) {
      if (count === 0)
        cursor.fail('repetition_missing', 'there is nothing to make optional', [open, cursor.at]);
      return flagsPiece;
    }
    cursor.bump();
    const inner = this.#parseBranches(depth);
    this.#close(open, outer, isVerboseOutside);
    return this.#piece(inner.hir, inner.height + 1);
  }

  #failLookAround(open: number): never {
    return this.#cursor.fail(
      'look_around',
      'a pattern cannot look ahead or behind',
      [open, this.#cursor.at],
      'use two expressions, joined by and / not',
    );
  }

  #parseCapture(open: number, name: string | null, depth: number): Piece {
    const group = ++this.#groups;
    const { isVerbose } = this.#cursor;
    const outer = this.#flags;
    const inner = this.#parseBranches(depth);
    this.#close(open, outer, isVerbose);
    return this.#piece(hir.capture(group, name, inner.hir), inner.height + 1);
  }

  #close(open: number, flags: Flags, isVerbose: boolean): void {
    const cursor = this.#cursor;
    if (!cursor.bumpIf(')'))
      cursor.fail(
        'group_unclosed',
        'the group is not closed',
        [open, open + 1],
        'for a parenthesis write \\(',
      );
    this.#flags = flags;
    cursor.isVerbose = isVerbose;
  }

  #parseName(open: number): string {
    const cursor = this.#cursor;
    const start = cursor.at;
    while (cursor.char !== '>') {
      if (cursor.isEnd) cursor.fail('group_unclosed', 'the name is not closed', [open, cursor.at]);
      const isAllowed = cursor.at === start ? /^[_\p{Alphabetic}]$/u : /^[_.[\]\p{Alphabetic}\p{N}]$/u;
      if (!isAllowed.test(cursor.char)) cursor.fail('group_name_invalid', 'that cannot be in a name');
      cursor.bump();
    }
    const name = cursor.pattern.slice(start, cursor.at);
    if (name === '') cursor.fail('group_name_invalid', 'the name is missing');
    if (this.#names.has(name))
      cursor.fail('group_name_repeated', 'another group has that name', [start, cursor.at]);
    this.#names.add(name);
    cursor.bump();
    return name;
  }
}

/** Made once: what is known of a set is remembered by the set itself. */
const dots = [lastByte, lastScalar].map((largest) => ({
  all: [0, largest],
  withoutLineFeed: negate([0x0a, 0x0a], largest),
  withoutBoth: negate([0x0a, 0x0a, 0x0d, 0x0d], largest),
}));

const dotOf = ({ dotTakesAll, isCrlf, isUnicode }: Flags): Ranges => {
  const { all, withoutLineFeed, withoutBoth } = dots[isUnicode ? 1 : 0] as (typeof dots)[number];
  if (dotTakesAll) return all;
  return isCrlf ? withoutBoth : withoutLineFeed;
};
