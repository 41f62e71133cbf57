import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { type Database, literal } from "./database.ts";
import type { TimeRange } from "./time-range.ts";
import { createUncounted, forEachPart } from "./vectors.ts";

/** Default of {@link BackfillOptions.partEvents}: DuckDB needs about 0.7 KB of memory for each event of a part. */
const PART_EVENTS = 2_000_000;

/** A part of a backfill: one file. */
export interface WrittenPart {
  entity: string;
  path: string;
  rows: number;
}

/** Options of {@link backfill}. */
export interface BackfillOptions {
  features: readonly Feature[];
  /** Names of the features that are replayed. SQL computes the others. */
  replayed: ReadonlySet<string>;
  /** Period: entities with an event in it, as of their latest event before its end. */
  range: TimeRange;
  /** Folder for the files. */
  out: string;
  /** Number of events for which there is one part. Default: 2,000,000. */
  partEvents?: number;
  onPart(description: string): void;
}

/**
 * Computes the features of each entity from the log, and writes them as Parquet. The folder of an entity has a file for
 * each part, by the hash of the id. A row has the vector as of the entity's latest event, with its time plus one in
 * `as_of`.
 *
 * @returns The written files.
 */
export const backfill = async (database: Database, options: BackfillOptions): Promise<WrittenPart[]> => {
  const { features, range, out, partEvents = PART_EVENTS, replayed, onPart } = options;
  const [total] = await database.all("SELECT count(*) AS events FROM log_events");
  const parts = Math.max(1, Math.ceil(Number(total?.events) / partEvents));
  onPart("Finding repeated and late events");
  await createUncounted(database, parts);

  const written: WrittenPart[] = [];
  for (const entity of entitiesIn(features)) {
    const name = entityNameOf({ entity });
    await mkdir(join(out, name), { recursive: true });
    const own = { replayed, features: featuresOf(features, name), moments: "latest", to: range.to, parts } as const;
    onPart(`Computing features of ${name}`);
    await forEachPart(database, own, async (select, number) => {
      const path = join(out, name, `${String(number).padStart(2, "0")}.parquet`);
      const from = range.from === undefined ? "TRUE" : `as_of > ${range.from}`;
      const [copied] = await database.all(
        `COPY (SELECT * FROM (${select}) WHERE ${from} ORDER BY id) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      written.push({ entity: name, path, rows: Number(copied?.Count) });
      onPart(`Computing features of ${name}: ${number + 1} of ${parts} parts done`);
    });
  }
  return written;
};
