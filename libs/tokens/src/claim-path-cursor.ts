/** What the parts of the claim path parser share. */

/** Where the reader stands. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Thrown within the parser alone. */
export class PathRefusal extends Error {
  /** UTF-16 unit of the text, from 0. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
