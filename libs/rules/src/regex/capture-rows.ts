/**
 * Where groups were opened and closed on a way through the automaton: one row of slots for each way. Ways that have passed the
 * same groups share a row; it is copied only when a group begins or ends, and used again when no way has it any more.
 */
export class CaptureRows {
  #slotCount = 0;
  #slots = new Int32Array(0);
  /** How many ways have a row. */
  #users: number[] = [];
  #free: number[] = [];
  /** How many slots were copied, over all searches. */
  copied = 0;

  /** Takes back every row. */
  reset(slotCount: number): void {
    this.#slotCount = slotCount;
    this.#users = [];
    this.#free = [];
  }

  /** A row with one user, of a match that starts at `start`. */
  add(start: number): number {
    const row = this.#take();
    this.#slots.fill(-1, row * this.#slotCount, (row + 1) * this.#slotCount);
    this.#slots[row * this.#slotCount] = start;
    return row;
  }

  /** A row with one user that is like another but for a slot. */
  copy(from: number, slot: number, value: number): number {
    const count = this.#slotCount;
    const row = this.#take();
    this.#slots.copyWithin(row * count, from * count, (from + 1) * count);
    this.#slots[row * count + slot] = value;
    this.copied += count;
    return row;
  }

  share(row: number): void {
    this.#users[row] = (this.#users[row] as number) + 1;
  }

  release(row: number): void {
    const users = (this.#users[row] as number) - 1;
    this.#users[row] = users;
    if (users === 0) this.#free.push(row);
  }

  read(row: number, into: Int32Array): void {
    into.set(this.#slots.subarray(row * this.#slotCount, (row + 1) * this.#slotCount));
  }

  #take(): number {
    const row = this.#free.pop() ?? this.#users.length;
    this.#users[row] = 1;
    const needed = (row + 1) * this.#slotCount;
    if (needed > this.#slots.length) this.#grow(2 * needed);
    return row;
  }

  #grow(length: number): void {
    const grown = new Int32Array(length);
    grown.set(this.#slots);
    this.#slots = grown;
  }
}
