import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { joinKeyOf } from "@tidemark/schema/feature-store-names";
import { valueKindsOf } from "@tidemark/schema/value-kind";
import { backfill } from "../log/backfill.ts";
import { type Database, literal, quote } from "../log/database.ts";
import { dataPath, type FeastSite } from "./feast-site.ts";
import { feastTypeOf } from "./feast-type.ts";

/** Options of {@link exportRows}. */
export interface ExportRowsOptions {
  site: FeastSite;
  /** Names of the features that are replayed. SQL computes the others. */
  replayed: ReadonlySet<string>;
  /** The repository. */
  folder: string;
  /** Time of the export, in UTC milliseconds. */
  now: number;
  onPart(description: string): void;
}

/** A written file. */
interface WrittenRows {
  file: string;
  entity: string;
  rows: number;
}

/**
 * Writes the vector of each entity as of its latest event as a row of Parquet. A row has the key, the features, the time of
 * the event in `event_timestamp`, and that of the export in `created`.
 */
export const exportRows = async (
  database: Database,
  { site, replayed, folder, now, onPart }: ExportRowsOptions,
): Promise<WrittenRows[]> => {
  const { features } = site;
  const computed = join(database.folder, "features");
  await backfill(database, { features, replayed, range: {}, out: computed, onPart });
  await mkdir(join(folder, "data"), { recursive: true });
  const kinds = valueKindsOf(features);
  const written: WrittenRows[] = [];
  for (const entity of entitiesIn(features).map((each) => entityNameOf({ entity: each }))) {
    const columns = featuresOf(features, entity).map((feature) => {
      const column = quote(feature.name);
      return `${feastTypeOf(feature, kinds.get(feature.name)).sql(column)} AS ${column}`;
    });
    const file = dataPath(entity);
    const path = join(folder, file);
    const [copied] = await database.all(
      `COPY (SELECT id AS ${quote(joinKeyOf(entity))}, to_timestamp((as_of - 1) / 1000.0) AS event_timestamp,
         to_timestamp(${now} / 1000.0) AS created, ${columns.join(", ")}
       FROM read_parquet(${literal(join(computed, entity, "*.parquet"))}))
       TO ${literal(`${path}.unfinished`)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    // A reader of the repository has the earlier file, or the new one.
    await rename(`${path}.unfinished`, path);
    written.push({ file, entity, rows: Number(copied?.Count) });
  }
  return written;
};
