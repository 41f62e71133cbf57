import { type Env, metricsOf } from "../env.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { type EntityKey, entityOf } from "./push.ts";

/** Creates the function that reports a row which cannot be written: to the log, and to the metrics of the site. */
export const countSetAside =
  (context: Pick<DurableObjectState, "waitUntil">, env: Env, site: string) =>
  (key: EntityKey, reason: string): void => {
    console.error(`site ${site}: the row of ${key} cannot be written, and keeps its earlier values: ${reason}`);
    meter.count("tidemark_rows_set_aside_total", { site, entity: entityOf(key) }, 1);
    const flushing = meter.flush(() => metricsOf(env));
    if (flushing) context.waitUntil(flushing);
  };
