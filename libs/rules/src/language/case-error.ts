/** A case, list or value that is not in its format: where (a JSON pointer) and what. */
export class CaseError extends Error {
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(pointer === '' ? message : `${pointer}: ${message}`);
    this.pointer = pointer;
  }
}
