import { DurableObject } from "cloudflare:workers";
import { GroupCommit } from "../group-commit.ts";
import { addUsage, type DailyUsage, type ReachedShare, reachedShares, type Usage } from "./daily-usage.ts";
import { addSamples, type Samples } from "./families.ts";

const SAMPLES = "samples";
const USAGE = "usage";

/**
 * One of the objects that sum the counts of the deployment's isolates. The metrics are the sums over all of them. One
 * more for each site with daily caps sums the usage of the day.
 */
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

  /** Adds an isolate's usage of a day. Returns the usage so far, and the shares of the caps that this call reached. */
  addUsage(more: DailyUsage, caps: Partial<Usage>): { total: DailyUsage; reached: ReachedShare[] } {
    const earlier = this.ctx.storage.kv.get<DailyUsage>(USAGE);
    const total = addUsage(earlier, more);
    this.ctx.storage.kv.put(USAGE, total);
    return { total, reached: reachedShares(earlier, total, caps) };
  }

  #write(group: Samples[]): void {
    const samples = this.read();
    for (const more of group) addSamples(samples, more);
    this.ctx.storage.kv.put(SAMPLES, samples);
  }
}
