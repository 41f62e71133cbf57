import type { Feature } from "@tidemark/schema";
import { derivationOrder, entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/derivation";
import type { LatenessOptions } from "../engine/lateness.ts";
import type { Dialect, DialectName } from "./dialect.ts";
import { duckdb } from "./duckdb.ts";
import type { Frame } from "./frame.ts";
import { pointInTime } from "./point-in-time.ts";
import { select } from "./select.ts";

/** How each dialect asks: of which rows, and in which words. */
const dialects: Record<DialectName, Dialect> = { duckdb };

/**
 * Compiles definitions to SQL that yields what the engine does: a SELECT for each entity, by the name of what it tells, as
 * `session_features`.
 *
 * @throws Error that names the feature and the reason when the dialect cannot tell it, and what `derivationOrder` throws.
 */
export const toSql = (
  features: readonly Feature[],
  dialect: DialectName,
  options?: LatenessOptions,
): Record<string, string> => {
  derivationOrder(features);
  const frames: Frame[] = entitiesIn(features).map((entity) =>
    pointInTime(entity, featuresOf(features, entityNameOf({ entity })), dialects[dialect], options),
  );
  return Object.fromEntries(frames.map((frame) => [frame.name, select(frame, dialects[dialect])]));
};
