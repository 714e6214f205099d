/**
 * Which bytes of a text need not be looked at, when a match is sought and none is begun: the shift table of Horspool (1980) for
 * sets of bytes in place of bytes. The last byte of the window is read; if no match has it there, the window moves on.
 */
import { type Nfa, StateKind } from './nfa.ts';

export interface Skip {
  /** Bytes; no match is shorter. */
  readonly window: number;
  /** How far the window moves on, by its last byte; 0: a match may begin where the window does. */
  readonly shift: Uint8Array;
}

const maxWindow = 8;
/** Below this many bytes on average, moving on costs more than it saves. */
const minGain = 1.2;
const [firstPrintable, lastPrintable] = [0x20, 0x7e];

/** Undefined if it is no use. O(window × states). */
export const planSkip = (nfa: Nfa, minBytes: number): Skip | undefined => {
  if (nfa.isAnchored || minBytes < 2 || !Number.isFinite(minBytes)) return undefined;
  const places = bytesByPlace(nfa, Math.min(minBytes, maxWindow));
  let best: Skip | undefined;
  let bestGain = minGain;
  for (let window = 2; window <= places.length; window++) {
    const skip = skipOf(places.slice(0, window));
    const gain = gainOf(skip);
    if (gain <= bestGain) continue;
    best = skip;
    bestGain = gain;
  }
  return best;
};

/** For each of the first places of a match, which bytes can be there; assertions are taken to hold. */
const bytesByPlace = (nfa: Nfa, count: number): readonly Uint8Array[] => {
  const places: Uint8Array[] = [];
  let states: Iterable<number> = [nfa.start];
  for (let place = 0; place < count; place++) {
    const bytes = new Uint8Array(256);
    const next = new Set<number>();
    for (const state of reached(nfa, states)) addRanges(nfa, state, bytes, next);
    places.push(bytes);
    states = next;
  }
  return places;
};

const reached = (nfa: Nfa, from: Iterable<number>): ReadonlySet<number> => {
  const found = new Set(from);
  for (const state of found) {
    const kind = nfa.kind[state];
    if (kind === StateKind.ranges || kind === StateKind.match) continue;
    found.add(nfa.first[state] as number);
    if (kind === StateKind.split) found.add(nfa.second[state] as number);
  }
  return found;
};

const addRanges = (nfa: Nfa, state: number, bytes: Uint8Array, next: Set<number>): void => {
  if (nfa.kind[state] !== StateKind.ranges) return;
  const start = nfa.first[state] as number;
  for (let i = start; i < start + 3 * (nfa.second[state] as number); i += 3) {
    bytes.fill(1, nfa.ranges[i], (nfa.ranges[i + 1] as number) + 1);
    next.add(nfa.ranges[i + 2] as number);
  }
};

const skipOf = (places: readonly Uint8Array[]): Skip => {
  const window = places.length;
  const shift = new Uint8Array(256).fill(window);
  places.forEach((bytes, place) => {
    for (let byte = 0; byte < 256; byte++) if (bytes[byte] === 1) shift[byte] = window - 1 - place;
  });
  return { window, shift };
};

const gainOf = ({ shift }: Skip): number => {
  let sum = 0;
  for (let byte = firstPrintable; byte <= lastPrintable; byte++) sum += shift[byte] as number;
  return sum / (lastPrintable - firstPrintable + 1);
};
