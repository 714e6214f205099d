/** A case, list or value that is not in its format: where (a JSON pointer) and what. */
export class CaseError extends Error {
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(pointer === '' ? message : `${pointer}: ${message}`);
    this.pointer = pointer;
  }
}

/** A value in a message: long ones are cut. */
export const shorten = (text: string): string => (text.length <= 80 ? text : `${text.slice(0, 77)}…`);
