/** One measured figure beside its reference of the same run and its budget. */
export interface Measurement {
  case: string;
  value: number;
  unit: string;
  reference: number;
  budget: number;
  /** The same figure of a build by Vite, or the reason why there is none. */
  vite?: number | string;
  /** The side of the budget on which the figure is in order. Default: `at_most`. */
  bound?: "at_most" | "at_least";
}

/** What a benchmark found, in the form of its JSON line. */
export interface Report {
  bench: string;
  results: (Omit<Measurement, "bound"> & { ratio: number; ok: boolean })[];
}

/** A benchmark: it measures and returns what it found. */
export type Bench = () => Promise<Report>;

/** Completes measurements with ratio and verdict. */
export const report = (bench: string, measurements: Measurement[]): Report => ({
  bench,
  results: measurements.map(({ bound = "at_most", ...each }) => ({
    ...each,
    ratio: Math.round((each.value / each.reference) * 100) / 100,
    ok: bound === "at_least" ? each.value >= each.budget : each.value <= each.budget,
  })),
});
