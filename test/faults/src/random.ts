/** Everything that is drawn comes from here, so that a run can be had again by its seed. */
import { seeded } from '@precede/testkit/seeded';

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in 0 … below − 1. */
  below(below: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  hex(digits: number): string;
}

export const createRandom = (seed: number): Random => {
  const next = seeded(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (list) => {
      if (list.length === 0) throw new Error('Nothing to pick from.');
      return list[below(list.length)] as (typeof list)[number];
    },
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
  };
};

/** The list in another order; the original stays as it is. */
export const shuffle = <T>(list: readonly T[], random: Random): T[] => {
  const left = [...list];
  const shuffled: T[] = [];
  while (left.length > 0) shuffled.push(...left.splice(random.below(left.length), 1));
  return shuffled;
};
