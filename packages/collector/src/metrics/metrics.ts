import { DurableObject } from "cloudflare:workers";
import { GroupCommit } from "../group-commit.ts";
import { addSamples, type Samples } from "./families.ts";

const SAMPLES = "samples";

/** One of the objects that sum the counts of the deployment's isolates. The metrics are the sums over all of them. */
export class Metrics extends DurableObject {
  #commit: GroupCommit<Samples> | undefined;

  /** Adds the counts of an isolate. Resolves when they are durable: many isolates share a write. */
  async add(more: Samples): Promise<void> {
    if (!this.#commit || this.#commit.hasFailed) this.#commit = new GroupCommit((group) => this.#write(group));
    this.#commit.add(more);
    await this.#commit.pending;
  }

  /** All sums so far. */
  read(): Samples {
    return this.ctx.storage.kv.get<Samples>(SAMPLES) ?? {};
  }

  #write(group: Samples[]): void {
    const samples = this.read();
    for (const more of group) addSamples(samples, more);
    this.ctx.storage.kv.put(SAMPLES, samples);
  }
}
