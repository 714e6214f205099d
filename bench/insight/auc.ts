/** How well a number sorts the planted from the others. */

/**
 * Chance that a planted one has the larger value than another, ties half: the area under the ROC curve, by the rank sum
 * of Mann and Whitney (1947). NaN where one side is empty; throws where a value is NaN.
 */
export const aucOf = (planted: readonly number[], others: readonly number[]): number => {
  const all = [
    ...planted.map((value) => ({ value, isPlanted: true })),
    ...others.map((value) => ({ value, isPlanted: false })),
  ].sort((a, b) => a.value - b.value);
  if (all.some((each) => Number.isNaN(each.value))) throw new Error('NaN has no rank');
  let rankSum = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    let hits = 0;
    for (; to < all.length && all[to]?.value === all[from]?.value; to += 1)
      hits += Number(all[to]?.isPlanted);
    rankSum += (hits * (from + 1 + to)) / 2;
    from = to;
  }
  return (rankSum - (planted.length * (planted.length + 1)) / 2) / (planted.length * others.length);
};
