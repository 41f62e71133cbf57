/** The quartiles of some figures. */
export interface Spread {
  /** First quartile. */
  low: number;
  median: number;
  /** Third quartile. */
  high: number;
}

/** Returns the quartiles of at least one figure. */
export const spreadOf = (figures: number[]): Spread => {
  const sorted = figures.toSorted((one, other) => one - other);
  const at = (share: number) => {
    const position = share * (sorted.length - 1);
    const [below = Number.NaN, above = below] = sorted.slice(Math.floor(position));
    return below + (above - below) * (position % 1);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
};

/** The quantile of at least one figure for a share: the smallest one that this share of the figures does not exceed. */
export const quantile = (figures: number[], share: number): number => {
  const sorted = figures.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};
