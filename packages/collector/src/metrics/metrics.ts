import { DurableObject } from "cloudflare:workers";
import { addSamples, type Samples } from "./families.ts";

const SAMPLES = "samples";

/**
 * The deployment's metrics: one object that sums the counts of all isolates, so that every isolate serves the same
 * values.
 */
export class Metrics extends DurableObject {
  /** Adds the counts of an isolate. */
  add(more: Samples): void {
    const samples = this.read();
    addSamples(samples, more);
    this.ctx.storage.kv.put(SAMPLES, samples);
  }

  /** All sums so far. */
  read(): Samples {
    return this.ctx.storage.kv.get<Samples>(SAMPLES) ?? {};
  }
}
