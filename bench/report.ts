/** A measured figure with its budget and a reference from the same run. */
export interface Measurement {
  case: string;
  value: number;
  unit: string;
  reference: number;
  budget: number;
  /** The same figure for a build by Vite, or the reason for its absence. */
  vite?: number | string;
  /** Whether the budget is a maximum or a minimum. Default: `at_most`. */
  bound?: "at_most" | "at_least";
}

/** The results of a benchmark, in the form of its JSON line. */
export interface Report {
  bench: string;
  results: (Omit<Measurement, "bound"> & { ratio: number; ok: boolean })[];
}

/** Options of a benchmark, each of one that needs it. */
export interface BenchOptions {
  /** Duration in minutes. */
  minutes?: number;
  /** Whether to install other libraries for the same purpose, and to measure these too. */
  libraries?: boolean;
  /** Whether `main-thread` installs and measures other libraries for the same purpose. Default: no. */
  peers?: boolean;
  /** Whether Feast's server is measured beside the collector. Default: no. */
  feast?: boolean;
}

/** Runs a benchmark and returns its report. */
export type Bench = (options: BenchOptions) => Promise<Report>;

/** Creates a report: adds the ratio to the reference, and whether each figure is within its budget. */
export const report = (bench: string, measurements: Measurement[]): Report => ({
  bench,
  results: measurements.map(({ bound = "at_most", ...each }) => ({
    ...each,
    ratio: Math.round((each.value / each.reference) * 100) / 100,
    ok: bound === "at_least" ? each.value >= each.budget : each.value <= each.budget,
  })),
});
