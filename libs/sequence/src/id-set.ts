/** Event ids in the order they came. Most sessions have a few, for which an array takes half of what a Set does. */

const mostInArray = 16;

export class IdSet {
  #ids: string[] | Set<string> = [];

  static from(ids: readonly string[]): IdSet {
    const made = new IdSet();
    for (const id of ids) made.add(id);
    return made;
  }

  get size(): number {
    return Array.isArray(this.#ids) ? this.#ids.length : this.#ids.size;
  }

  has(id: string): boolean {
    return Array.isArray(this.#ids) ? this.#ids.includes(id) : this.#ids.has(id);
  }

  /** The id must not be there. */
  add(id: string): void {
    if (!Array.isArray(this.#ids)) this.#ids.add(id);
    else if (this.#ids.length < mostInArray) this.#ids.push(id);
    else this.#ids = new Set(this.#ids).add(id);
  }

  delete(id: string): void {
    if (!Array.isArray(this.#ids)) {
      this.#ids.delete(id);
      return;
    }
    const place = this.#ids.indexOf(id);
    if (place >= 0) this.#ids.splice(place, 1);
  }

  deleteOldest(): void {
    for (const oldest of this.#ids) {
      this.delete(oldest);
      return;
    }
  }

  /** The oldest first. */
  values(): string[] {
    return [...this.#ids];
  }
}
