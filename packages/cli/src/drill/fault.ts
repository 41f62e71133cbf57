import type { DrillStack } from "./stack.ts";

/** A fault that a drill injects. */
export interface Fault {
  /** Name in the table, and of `--only`: lower case, with hyphens. */
  name: string;
  /** The alert that has to fire. */
  alert: string;
  /** An expression of Prometheus that has a value once the metrics show the fault, and has none before. */
  metric: string;
  /** Time for which the fault lasts before the alert's condition holds, in seconds at full scale. Default: 0. */
  lastsSeconds?: number;
  /** Time for which the traffic has to flow before the fault, in seconds at full scale. Default: 0. */
  historySeconds?: number;
  /** Lets the fault begin. Returns a function that ends it, and that resolves once what failed is back. */
  begin(stack: DrillStack): Promise<() => Promise<void>>;
}
