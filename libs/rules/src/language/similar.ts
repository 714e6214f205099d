/** The known name that a mistyped one is nearest to. */
import { distance } from 'fastest-levenshtein';

/** Null if none differs in less than a third of its characters. */
export const nearest = (name: string, known: Iterable<string>): string | null => {
  let best: string | null = null;
  let least = Math.ceil(name.length / 3);
  for (const each of known) {
    const differences = distance(name, each);
    if (differences >= least) continue;
    least = differences;
    best = each;
  }
  return best;
};
