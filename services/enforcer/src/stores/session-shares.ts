/**
 * Who must go when the store is full: lists of each zone's sessions by last admission, in two segments. A session seen
 * once is on probation; its second admitted request establishes it. A zone over its fair share gives up its own, else the
 * largest zone does; there the probation segment goes first once it has its share. So neither a flood of new sessions nor
 * a flood in another zone pushes out what is established.
 */
import { none, type SessionSlab } from './session-slab.ts';

export const Segment = { probation: 0, established: 1 } as const;
export type Segment = (typeof Segment)[keyof typeof Segment];
const segments = [Segment.probation, Segment.established] as const;

/** Sessions of one zone in one segment. */
interface List {
  newest: number;
  oldest: number;
  count: number;
}

interface Zone {
  readonly zoneId: string;
  readonly lists: readonly [List, List];
}

const emptyList = (): List => ({ newest: none, oldest: none, count: 0 });
const countOf = (zone: Zone): number => zone.lists[0].count + zone.lists[1].count;

export class SessionShares {
  readonly #slab: SessionSlab;
  readonly #probationShare: number;
  readonly #numbers = new Map<string, number>();
  /** By number; a number without sessions is used again. */
  readonly #zones: (Zone | undefined)[] = [];
  readonly #freeNumbers: number[] = [];

  constructor(slab: SessionSlab, probationShare: number) {
    this.#slab = slab;
    this.#probationShare = probationShare;
  }

  /** Zones with at least one session. */
  get zones(): number {
    return this.#numbers.size;
  }

  /** How many numbers of zones are, or were, in use. */
  get numbers(): number {
    return this.#zones.length;
  }

  numberOf(zoneId: string): number | undefined {
    return this.#numbers.get(zoneId);
  }

  /** Gives a zone without sessions its number; a session must be added to it next. */
  open(zoneId: string): number {
    const number = this.#freeNumbers.pop() ?? this.#zones.length;
    this.#zones[number] = { zoneId, lists: [emptyList(), emptyList()] };
    this.#numbers.set(zoneId, number);
    return number;
  }

  countOf(number: number): number {
    const zone = this.#zones[number];
    return zone === undefined ? 0 : countOf(zone);
  }

  /** Enters a session, or moves it, as the newest of its zone in that segment. */
  add(slot: number, segment: Segment): void {
    const list = this.#listOf(slot, segment);
    this.#slab.setSegment(slot, segment);
    this.#slab.setEarlier(slot, list.newest);
    this.#slab.setLater(slot, none);
    if (list.newest === none) list.oldest = slot;
    else this.#slab.setLater(list.newest, slot);
    list.newest = slot;
    list.count += 1;
  }

  unlink(slot: number): void {
    const list = this.#listOf(slot, this.#slab.segment(slot) as Segment);
    const earlier = this.#slab.earlier(slot);
    const later = this.#slab.later(slot);
    if (earlier === none) list.oldest = later;
    else this.#slab.setLater(earlier, later);
    if (later === none) list.newest = earlier;
    else this.#slab.setEarlier(later, earlier);
    list.count -= 1;
  }

  /** Lets go of the number of a zone that has no session left. */
  closeIfEmpty(number: number): void {
    const zone = this.#zones[number];
    if (zone === undefined || countOf(zone) > 0) return;
    this.#zones[number] = undefined;
    this.#numbers.delete(zone.zoneId);
    this.#freeNumbers.push(number);
  }

  /** The session of the zone that was admitted longest ago, if that was before `seconds`; else `none`. */
  expired(number: number, seconds: number): number {
    const zone = this.#zones[number];
    if (zone === undefined) return none;
    for (const segment of segments) {
      const { oldest } = zone.lists[segment];
      if (oldest !== none && this.#slab.admittedS(oldest) < seconds) return oldest;
    }
    return none;
  }

  /** Which session goes for a new one of zone `number` (undefined: a zone without sessions) in a full store. O(zones). */
  victim(number: number | undefined, maxSessions: number): number {
    const own = number === undefined ? 0 : this.countOf(number);
    const zones = this.zones + (number === undefined ? 1 : 0);
    const giving = number !== undefined && own >= maxSessions / zones ? this.#zones[number] : this.#largest();
    if (giving === undefined) return none;
    const [probation, established] = giving.lists;
    const isOver = probation.count >= Math.max(1, Math.floor(countOf(giving) * this.#probationShare));
    return isOver || established.count === 0 ? probation.oldest : established.oldest;
  }

  #largest(): Zone | undefined {
    let largest: Zone | undefined;
    for (const zone of this.#zones)
      if (zone !== undefined && (largest === undefined || countOf(zone) > countOf(largest))) largest = zone;
    return largest;
  }

  #listOf(slot: number, segment: Segment): List {
    const zone = this.#zones[this.#slab.zone(slot)] as Zone;
    return zone.lists[segment];
  }
}
