/** A case, list or value that is not in its format: where (a JSON pointer) and what. */
import { shorten } from './shorten.ts';

export class CaseError extends Error {
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(pointer === '' ? message : `${pointer}: ${message}`);
    this.pointer = pointer;
  }
}

/** A value as messages name it. */
export const brief = (text: string): string => shorten(text, 80);
