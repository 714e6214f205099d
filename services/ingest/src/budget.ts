/**
 * How many bytes of request bodies are held at once. What does not fit is refused at the door, before it is read, and
 * the sender comes back later: memory is bounded, and nothing accepted is ever dropped.
 */

export interface Reservation {
  /** Changes what is held; false, and nothing changed, where it does not fit. */
  resize(bytes: number): boolean;
  /** Gives everything back; more than once is as once. */
  release(): void;
}

export interface Budget {
  /** Undefined where it does not fit. */
  reserve(bytes: number): Reservation | undefined;
}

/** `onChange` is told the bytes held after each change. */
export const createBudget = (maxBytes: number, onChange: (usedBytes: number) => void): Budget => {
  let usedBytes = 0;
  const take = (delta: number): boolean => {
    if (delta > 0 && usedBytes + delta > maxBytes) return false;
    usedBytes += delta;
    onChange(usedBytes);
    return true;
  };
  const reservation = (initial: number): Reservation => {
    let held = initial;
    const resize = (bytes: number): boolean => {
      if (!take(bytes - held)) return false;
      held = bytes;
      return true;
    };
    return { resize, release: () => void resize(0) };
  };
  return { reserve: (bytes) => (take(bytes) ? reservation(bytes) : undefined) };
};
