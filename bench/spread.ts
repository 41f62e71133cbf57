/** Where the middle half of some figures lies, and their median. */
export interface Spread {
  low: number;
  median: number;
  high: number;
}

/** The spread of figures, of which there is at least one. */
export const spreadOf = (figures: number[]): Spread => {
  const sorted = figures.toSorted((one, other) => one - other);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below = Number.NaN, above = below] = sorted.slice(Math.floor(place));
    return below + (above - below) * (place % 1);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
};
