/** Figures of some durations, in milliseconds. */
interface Durations {
  count: number;
  p50: number;
  p99: number;
  longest: number;
}

/** Figures of at least one duration. A quantile is the smallest duration that its share of them does not exceed. */
export const durationsOf = (durations: readonly number[]): Durations => {
  const sorted = durations.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
};
