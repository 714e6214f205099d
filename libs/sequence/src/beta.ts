/**
 * Intervals of a probability seen k times in n: the equal-tailed credible interval of Beta(k + 1, n − k + 1).
 * Source of the method: NIST Digital Library of Mathematical Functions, §8.17 (incomplete beta function, its
 * continued fraction 8.17.22) and §5.11 (Stirling's series of ln Γ). The quantile is its inverse by bracketed Newton steps.
 */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const tail = 0.005;

/** 99 % interval; 0 ≤ k ≤ n, both whole. */
export const betaInterval = (k: number, n: number): Interval => {
  const misses = Math.max(0, n - k);
  return { low: betaQuantile(tail, k + 1, misses + 1), high: betaQuantile(1 - tail, k + 1, misses + 1) };
};

/** Remembers what it has computed: noise gives the same few small pairs (k, n) over and over. */
export const createIntervals = (maxEntries = 100_000): ((k: number, n: number) => Interval) => {
  const known = new Map<number, Interval>();
  return (k, n) => {
    // Unique while n < 2^26; larger pairs are rare, so they are not kept.
    const key = n < 67_108_864 ? n * 67_108_864 + k : -1;
    const hit = known.get(key);
    if (hit !== undefined) return hit;
    const interval = betaInterval(k, n);
    if (key >= 0 && known.size < maxEntries) known.set(key, interval);
    return interval;
  };
};

/** Below that many hits or misses a Beta distribution is too skewed for the short way. */
const manyEnough = 100;

/**
 * Whether the 99 % intervals of two shares, k of n each, have no point in common. Where both are nearly normal, their ends
 * lie between 2.2 and 3 standard deviations from their means, which settles most cases without computing them.
 */
export const createIntervalTest = (): ((k: number, n: number, otherK: number, otherN: number) => boolean) => {
  const intervals = createIntervals();
  return (k, n, otherK, otherN) => {
    if (Math.min(k, n - k, otherK, otherN - otherK) >= manyEnough) {
      const mean = (k + 1) / (n + 2);
      const otherMean = (otherK + 1) / (otherN + 2);
      const deviations =
        Math.sqrt((mean * (1 - mean)) / (n + 3)) + Math.sqrt((otherMean * (1 - otherMean)) / (otherN + 3));
      const distance = Math.abs(mean - otherMean) / deviations;
      if (distance < 2.2) return false;
      if (distance > 3) return true;
    }
    const own = intervals(k, n);
    const other = intervals(otherK, otherN);
    return own.low > other.high || other.low > own.high;
  };
};

/** x with I_x(a, b) = p for a, b ≥ 1 and 0 < p < 1; relative error below 1e-9. */
export const betaQuantile = (p: number, a: number, b: number): number => {
  const logB = logBeta(a, b);
  let low = 0;
  let high = 1;
  let x = firstGuess(p, a, b);
  for (let i = 0; i < 200; i += 1) {
    const miss = incompleteBeta(x, a, b, logB) - p;
    if (miss > 0) high = x;
    else low = x;
    const slope = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logB);
    const newton = x - miss / slope;
    // A step out of the bracket, or a flat slope, is replaced by a halving.
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-12 * next) return next;
    x = next;
  }
  return x;
};

/** Normal deviate of p by its rational approximation (Abramowitz and Stegun 26.2.23), error below 4.5e-4. */
const normalDeviate = (p: number): number => {
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const upper = 2.515_517 + t * (0.802_853 + t * 0.010_328);
  const z = t - upper / (1 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
  return p < 0.5 ? -z : z;
};

/** Near the quantile for all but the most skewed: Newton's steps then are three or four (Abramowitz and Stegun 26.5.22). */
const firstGuess = (p: number, a: number, b: number): number => {
  const mean = a / (a + b);
  if (a < 2 || b < 2) return mean;
  const z = normalDeviate(p);
  const harmonic = 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1));
  const lambda = (z * z - 3) / 6;
  const w =
    (-z * Math.sqrt(harmonic + lambda)) / harmonic -
    (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (lambda + 5 / 6 - 2 / (3 * harmonic));
  const guess = a / (a + b * Math.exp(2 * w));
  return guess > 0 && guess < 1 ? guess : mean;
};

const incompleteBeta = (x: number, a: number, b: number, logB: number): number => {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logB);
  // The fraction converges fast below the mean; above it the symmetry I_x(a, b) = 1 − I_{1−x}(b, a) serves.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
};

const tiny = 1e-300;
const notZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value);

/** Modified Lentz evaluation of the continued fraction; terms grow with the square root of a + b. */
const betaFraction = (x: number, a: number, b: number): number => {
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d);
    c = notZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d);
    c = notZero(1 + odd / c);
    const factor = d * c;
    result *= factor;
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  return result;
};

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** ln Γ(x) for x > 0: raised to 10 and above by Γ(x + 1) = x Γ(x), then Stirling's series. */
const logGamma = (x: number): number => {
  let shift = 0;
  let y = x;
  for (; y < 10; y += 1) shift += Math.log(y);
  const r = 1 / (y * y);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.918_938_533_204_672_8 + series - shift;
};
