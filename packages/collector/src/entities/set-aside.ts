import { type Env, metricsOf } from "../env.ts";
import { sampleKey } from "../metrics/families.ts";
import type { EntityKey } from "./push.ts";

/** Creates the function that reports a row which cannot be written: to the log, and to the metrics of the site. */
export const countSetAside =
  (context: DurableObjectState, env: Env, site: string) =>
  (key: EntityKey, reason: string): void => {
    console.error(`site ${site}: the row of ${key} cannot be written, and keeps its earlier values: ${reason}`);
    context.waitUntil(metricsOf(env).add({ [sampleKey("tidemark_rows_set_aside_total", { site })]: 1 }));
  };
