/** Walks over a pattern by code points. With `isVerbose`, white space and comments can be skipped where the syntax allows. */
import { faultOf, PatternError, type RegexFaultCode } from './fault.ts';

const isSpace = (text: string): boolean => text !== '' && /^\p{White_Space}$/u.test(text);

export class Cursor {
  readonly pattern: string;
  /** In UTF-16 units. */
  at = 0;
  /** Flag x. */
  isVerbose = false;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  get isEnd(): boolean {
    return this.at >= this.pattern.length;
  }

  /** The code point here, as text; empty at the end. */
  get char(): string {
    return charAt(this.pattern, this.at);
  }

  /** The code point after this one. */
  get following(): string {
    return charAt(this.pattern, this.at + this.char.length);
  }

  /** False if that leads to the end. */
  bump(): boolean {
    this.at += this.char.length;
    return !this.isEnd;
  }

  bumpAndSkip(): boolean {
    this.bump();
    this.skipSpace();
    return !this.isEnd;
  }

  bumpIf(text: string): boolean {
    if (!this.pattern.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  skipSpace(): void {
    while (this.isVerbose && !this.isEnd)
      if (isSpace(this.char)) this.bump();
      else if (this.char === '#') this.#skipLine();
      else return;
  }

  /** White space counts here without flag x, too. */
  skipPlainSpace(): void {
    while (isSpace(this.char)) this.bump();
  }

  /** As `following`, white space skipped with flag x. Within a comment it is the comment's first word, as in the original. */
  get followingAfterSpace(): string {
    if (!this.isVerbose) return this.following;
    const start = this.at + this.char.length;
    let hasComment = false;
    for (let i = start; i < this.pattern.length; i += charAt(this.pattern, i).length) {
      const char = charAt(this.pattern, i);
      if (isSpace(char)) continue;
      if (hasComment || char !== '#') return char;
      hasComment = true;
    }
    return charAt(this.pattern, start);
  }

  /** Ends the parsing. `start` and `end` are places in the pattern; the place here without them. */
  fail(
    code: RegexFaultCode,
    message: string,
    place?: readonly [start: number, end: number],
    hint?: string,
  ): never {
    throw new PatternError(faultOf(code, message, place ?? [this.at, this.at + this.char.length], hint));
  }

  #skipLine(): void {
    while (!this.isEnd && this.char !== '\n') this.bump();
    this.bump();
  }
}

const charAt = (text: string, at: number): string => {
  const unit = text.charCodeAt(at);
  return (unit & 0xfc00) === 0xd800 ? text.slice(at, at + 2) : (text[at] ?? '');
};
