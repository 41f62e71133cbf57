/** One measured figure beside its reference of the same run and its budget. */
export interface Measurement {
  case: string;
  value: number;
  unit: string;
  reference: number;
  budget: number;
}

/** What a benchmark found, in the form of its JSON line. */
export interface Report {
  bench: string;
  results: (Measurement & { ratio: number; ok: boolean })[];
}

/** A benchmark: it measures and returns what it found. */
export type Bench = () => Promise<Report>;

/** Completes measurements with ratio and verdict. A figure is in order when it does not exceed its budget. */
export const report = (bench: string, measurements: Measurement[]): Report => ({
  bench,
  results: measurements.map((each) => ({
    ...each,
    ratio: Math.round((each.value / each.reference) * 100) / 100,
    ok: each.value <= each.budget,
  })),
});
