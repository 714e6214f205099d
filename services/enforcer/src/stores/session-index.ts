/**
 * From session id and zone to the slot of a session: open addressing with linear probing over one array of 32-bit slots,
 * sized for the most sessions there may be. So it is never built anew while requests wait; the system gives memory only
 * to the parts in use. Removing closes the gap behind it: there are no tombstones.
 */
import { none, type SessionSlab } from './session-slab.ts';

export class SessionIndex {
  readonly #slab: SessionSlab;
  /** Slot + 1; 0: empty. */
  readonly #places: Uint32Array;
  readonly #mask: number;

  constructor(slab: SessionSlab, maxSessions: number) {
    this.#slab = slab;
    // At most two thirds full.
    const places = 2 ** Math.ceil(Math.log2(maxSessions * 1.5 + 1));
    this.#places = new Uint32Array(places);
    this.#mask = places - 1;
  }

  /** The slot, or `none`. */
  find(id: Uint32Array, zone: number): number {
    for (let place = this.#home(id[0] as number, zone); ; place = (place + 1) & this.#mask) {
      const held = this.#places[place] as number;
      if (held === 0) return none;
      if (this.#slab.isOf(held - 1, id, zone)) return held - 1;
    }
  }

  /** The session must not be there, and there must be room. */
  add(slot: number): void {
    let place = this.#homeOf(slot);
    while (this.#places[place] !== 0) place = (place + 1) & this.#mask;
    this.#places[place] = slot + 1;
  }

  /** The session must be there. */
  remove(slot: number): void {
    let gap = this.#homeOf(slot);
    while (this.#places[gap] !== slot + 1) gap = (gap + 1) & this.#mask;
    for (let place = (gap + 1) & this.#mask; this.#places[place] !== 0; place = (place + 1) & this.#mask) {
      const held = this.#places[place] as number;
      // It may move back into the gap unless its home lies behind the gap.
      const away = (place - this.#homeOf(held - 1)) & this.#mask;
      if (away < ((place - gap) & this.#mask)) continue;
      this.#places[gap] = held;
      gap = place;
    }
    this.#places[gap] = 0;
  }

  #homeOf(slot: number): number {
    return this.#home(this.#slab.idWord(slot), this.#slab.zone(slot));
  }

  #home(idWord: number, zone: number): number {
    return (idWord ^ Math.imul(zone, 0x9e37_79b1)) & this.#mask;
  }
}
