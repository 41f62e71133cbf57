import { DurableObject } from "cloudflare:workers";
import { GroupCommit } from "../group-commit.ts";
import { addUsage, type DailyUsage, type ReachedShare, reachedShares, type Usage } from "./daily-usage.ts";
import type { Samples } from "./families.ts";
import { SeriesSums } from "./series.ts";

/** Key of the first row of sums. The others have a number after it, from 1. */
const SAMPLES = "samples";
const USAGE = "usage";

/** Largest length of the keys in one row, in characters: a stored value has at most 2 MB, and each write writes a whole row. */
const MAX_ROW_CHARACTERS = 200_000;

/** A row: some of the sums. */
interface Row {
  key: string;
  samples: Samples;
  characters: number;
}

/** The sums, and the rows in which they are stored. A sum stays in its row. */
interface Sums {
  all: SeriesSums;
  rows: Row[];
}

const charactersOf = (samples: Samples): number => Object.keys(samples).reduce((sum, key) => sum + key.length, 0);

/**
 * One of the objects that sum the counts of the deployment's isolates. The metrics are the sums over all of them. One
 * more for each site with daily caps sums the usage of the day.
 */
export class Metrics extends DurableObject {
  #commit: GroupCommit<Samples> | undefined;
  #sums: Sums | undefined;

  /** Adds the counts of an isolate. Resolves when they are durable: many isolates share a write. */
  async add(more: Samples): Promise<void> {
    if (!this.#commit || this.#commit.hasFailed) this.#commit = new GroupCommit((group) => this.#write(group));
    this.#commit.add(more);
    await this.#commit.pending;
  }

  /** All sums so far. */
  read(): Samples {
    return this.#load().all.samples;
  }

  /** Adds an isolate's usage of a day. Returns the usage so far, and the shares of the caps that this call reached. */
  addUsage(more: DailyUsage, caps: Partial<Usage>): { total: DailyUsage; reached: ReachedShare[] } {
    const earlier = this.ctx.storage.kv.get<DailyUsage>(USAGE);
    const total = addUsage(earlier, more);
    this.ctx.storage.kv.put(USAGE, total);
    return { total, reached: reachedShares(earlier, total, caps) };
  }

  #load(): Sums {
    if (this.#sums) return this.#sums;
    const sums: Sums = { all: new SeriesSums(), rows: [] };
    for (let number = 0; ; number += 1) {
      const key = number === 0 ? SAMPLES : `${SAMPLES} ${number}`;
      const samples = this.ctx.storage.kv.get<Samples>(key);
      if (!samples) break;
      sums.rows.push({ key, samples, characters: charactersOf(samples) });
      sums.all.restore(samples);
    }
    this.#sums = sums;
    return sums;
  }

  #write(group: Samples[]): void {
    const { all, rows } = this.#load();
    const changedRows = new Set<Row>();
    for (const more of group)
      for (const key of all.add(more)) {
        const row = rowOf(rows, key);
        row.samples[key] = all.samples[key] ?? 0;
        changedRows.add(row);
      }
    const { storage } = this.ctx;
    try {
      storage.transactionSync(() => {
        for (const { key, samples } of changedRows) storage.kv.put(key, samples);
      });
    } catch (error) {
      // The sums in memory have counts that are not stored.
      this.#sums = undefined;
      throw error;
    }
  }
}

/** The row of a sum. A new one is in the last row with room, or else in another one. */
const rowOf = (rows: Row[], key: string): Row => {
  const existing = rows.find(({ samples }) => key in samples);
  if (existing) return existing;
  let last = rows.at(-1);
  if (!last || last.characters + key.length > MAX_ROW_CHARACTERS) {
    last = { key: rows.length === 0 ? SAMPLES : `${SAMPLES} ${rows.length}`, samples: {}, characters: 0 };
    rows.push(last);
  }
  last.characters += key.length;
  return last;
};
