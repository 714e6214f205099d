/**
 * Sketches (sketch.ts) of very many sequences in two typed arrays: places of 4 values for the many that have few sessions,
 * places of 32 for the few that have many. A handle is a whole number above 0; `add` may move a sketch and tells where to.
 */
import { SKETCH_SIZE } from './sketch.ts';
import { grown } from './typed-arrays.ts';

const smallSize = 4;

/** Places of one size, with a list of the free ones. */
class Places {
  readonly size: number;
  values: Uint32Array;
  lengths: Uint8Array;
  readonly #free: number[] = [];
  #used = 0;

  constructor(size: number) {
    this.size = size;
    this.values = new Uint32Array(size * 4);
    this.lengths = new Uint8Array(4);
  }

  get taken(): number {
    return this.#used - this.#free.length;
  }

  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#used === this.lengths.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  release(place: number): void {
    this.lengths[place] = 0;
    this.#free.push(place);
  }

  #grow(): void {
    this.values = grown(this.values, this.values.length * 2);
    this.lengths = grown(this.lengths, this.lengths.length * 2);
  }

  /** Whether the value is in place afterwards: false where a full place has no room for it and needs it. */
  insert(place: number, value: number): boolean {
    const start = place * this.size;
    const length = this.lengths[place] as number;
    // Most values of a busy sequence are larger than the largest of a full sketch.
    if (length === SKETCH_SIZE && value >= (this.values[start + length - 1] as number)) return true;
    let at = length;
    while (at > 0 && (this.values[start + at - 1] as number) > value) at -= 1;
    if (at > 0 && this.values[start + at - 1] === value) return true;
    if (length === this.size && this.size < SKETCH_SIZE) return false;
    const end = Math.min(length, this.size - 1);
    this.values.copyWithin(start + at + 1, start + at, start + end);
    this.values[start + at] = value;
    this.lengths[place] = end + 1;
    return true;
  }
}

const placeOf = (handle: number): number => (handle - 1) >>> 1;
const isLarge = (handle: number): boolean => ((handle - 1) & 1) === 1;
const handleOf = (place: number, large: boolean): number => place * 2 + (large ? 1 : 0) + 1;

export class SketchPool {
  readonly #small = new Places(smallSize);
  readonly #large = new Places(SKETCH_SIZE);

  /** Bytes of the places in use. */
  get bytes(): number {
    return this.#small.taken * (smallSize * 4 + 1) + this.#large.taken * (SKETCH_SIZE * 4 + 1);
  }

  of(value: number): number {
    const place = this.#small.take();
    this.#small.insert(place, value);
    return handleOf(place, false);
  }

  /** The handle from now on. */
  add(handle: number, value: number): number {
    const place = placeOf(handle);
    if (isLarge(handle)) {
      this.#large.insert(place, value);
      return handle;
    }
    if (this.#small.insert(place, value)) return handle;
    const moved = this.#large.take();
    for (const each of this.values(handle)) this.#large.insert(moved, each);
    this.#large.insert(moved, value);
    this.#small.release(place);
    return handleOf(moved, true);
  }

  copy(handle: number): number {
    const places = isLarge(handle) ? this.#large : this.#small;
    const place = places.take();
    const from = placeOf(handle) * places.size;
    places.values.copyWithin(place * places.size, from, from + places.size);
    places.lengths[place] = places.lengths[placeOf(handle)] as number;
    return handleOf(place, isLarge(handle));
  }

  /** Sorted; valid until the next change of the pool. */
  values(handle: number): Uint32Array {
    const places = isLarge(handle) ? this.#large : this.#small;
    const start = placeOf(handle) * places.size;
    return places.values.subarray(start, start + (places.lengths[placeOf(handle)] as number));
  }

  release(handle: number): void {
    (isLarge(handle) ? this.#large : this.#small).release(placeOf(handle));
  }
}
