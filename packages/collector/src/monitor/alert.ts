import type { Condition } from "./query.ts";

/** How soon a person has to act: now, in working hours, or never (a message that says that alerts arrive). */
export type Severity = "page" | "ticket" | "none";

/** A rule that reports a fault to an operator. */
export interface Alert {
  /** In PascalCase, beginning with `Tidemark`. Its runbook is the section of this name in docs/runbooks.md. */
  name: string;
  severity: Severity;
  /** One sentence for the receiver. `{site}` stands for the value of a label. */
  summary: string;
  when: Condition;
  /** Time for which the condition has to hold, in seconds. */
  forSeconds: number;
  /** Evaluated by Prometheus only, because the collector cannot see it. Default: by both. */
  by?: "prometheus";
}
