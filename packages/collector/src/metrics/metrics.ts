import { DurableObject } from "cloudflare:workers";
import { addFigures, type Figures } from "./families.ts";

const FIGURES = "figures";

/** The deployment's figures: one object that adds up what isolates hand over, so that whichever answers says the same. */
export class Metrics extends DurableObject {
  /** Adds figures to those so far. */
  add(more: Figures): void {
    const figures = this.read();
    addFigures(figures, more);
    this.ctx.storage.kv.put(FIGURES, figures);
  }

  /** All figures so far. */
  read(): Figures {
    return this.ctx.storage.kv.get<Figures>(FIGURES) ?? {};
  }
}
