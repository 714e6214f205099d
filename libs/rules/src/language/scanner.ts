/** A place in the text of an expression. White space is space, CR and LF; a tab is none. */
import type { Span } from './ast.ts';
import { type ExpressionFaultCode, Refusal } from './faults.ts';

/** Parentheses, `not`, any/all and calls inside one another. */
export const maxDepth = 128;

export class Scanner {
  readonly text: string;
  at: number;
  /** How many of them are open. */
  depth = 0;

  /** Reads `text` from `at` to its end. */
  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The UTF-16 unit here; '' at the end. */
  peek(): string {
    return this.text.charAt(this.at);
  }

  sees(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  /** Goes past `token` if it stands here. */
  take(token: string): boolean {
    if (!this.sees(token)) return false;
    this.at += token.length;
    return true;
  }

  skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at += 1;
  }

  /** The text that a sticky expression matches here, gone past; '' if it does not match. */
  takeMatch(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  from(start: number): Span {
    return { start, end: this.at };
  }

  /** The character here, for messages. */
  get here(): Span {
    const point = this.text.codePointAt(this.at);
    const length = point === undefined ? 0 : point > 0xffff ? 2 : 1;
    return { start: this.at, end: this.at + length };
  }

  /** Runs `inside` one level deeper; `opener` is what opens the level. */
  nested<T>(opener: Span, inside: () => T): T {
    if (this.depth >= maxDepth)
      this.refuse('too_deep', `more than ${maxDepth} levels inside one another`, opener);
    this.depth += 1;
    const result = inside();
    this.depth -= 1;
    return result;
  }

  refuse(code: ExpressionFaultCode, message: string, span: Span = this.here, hint?: string): never {
    throw new Refusal(code, message, span, hint);
  }
}

const isSpace = (unit: number): boolean => unit === 32 || unit === 10 || unit === 13;
