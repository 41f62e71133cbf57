import { DurableObject } from "cloudflare:workers";
import { addSamples, type Samples } from "./families.ts";

const SAMPLES = "samples";

/** The deployment's figures: one object that adds up what isolates hand over, so that whichever answers says the same. */
export class Metrics extends DurableObject {
  /** Adds figures to those so far. */
  add(more: Samples): void {
    const figures = this.read();
    addSamples(figures, more);
    this.ctx.storage.kv.put(SAMPLES, figures);
  }

  /** All figures so far. */
  read(): Samples {
    return this.ctx.storage.kv.get<Samples>(SAMPLES) ?? {};
  }
}
