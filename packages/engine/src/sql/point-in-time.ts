import type { Entity, Feature } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { type LatenessOptions, lateness } from "../lateness.ts";
import { paneLayoutOf } from "../pane-layout.ts";
import type { Dialect } from "./dialect.ts";
import { entityIdSql } from "./entity.ts";
import type { RowSet } from "./row-set.ts";

/**
 * A row for each (id, as_of) of the entity in `spine`, with the features as of that moment: of what had happened before it, and
 * nothing that happened later. Each event counts once, unless it came too late by its session's watermark.
 */
export const pointInTime = (
  entity: Entity,
  features: readonly Feature[],
  dialect: Dialect,
  options?: LatenessOptions,
): RowSet => {
  const { quote } = dialect;
  const { maxBehindMs } = lateness(options);
  const name = entityNameOf({ entity });
  const time = quote("time");
  const session = quote("session_id");
  const at = `(${quote("as_of")} - 1)`;
  return {
    name: `${name}_features`,
    features,
    keys: ["id", "as_of"],
    at,
    covers(window) {
      const layout = paneLayoutOf(window);
      if (layout === null) return undefined;
      const { pane_ms, panes } = layout;
      return `${time} >= ${at} - ${at} % ${pane_ms} - ${(panes - 1) * pane_ms}`;
    },
    subqueries: (columns) => [
      [
        "arrived",
        `SELECT *, ROW_NUMBER() OVER (PARTITION BY ${session}, tab_id, seq ORDER BY arrival) AS copy_number FROM events`,
      ],
      [
        "judged",
        `SELECT *, MAX(${time}) OVER (PARTITION BY ${session} ORDER BY arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS progress FROM arrived WHERE copy_number = 1`,
      ],
      [
        "counted",
        `SELECT ${[`${entityIdSql(entity, dialect)} AS entity_id`, quote("type"), time, "tab_id", "seq", "view_id", ...columns].join(",\n  ")}\nFROM judged WHERE progress IS NULL OR progress - ${time} <= ${maxBehindMs}`,
      ],
      ["moments", `SELECT DISTINCT id, as_of FROM spine WHERE entity = ${dialect.text(name)}`],
      [
        "seen",
        `SELECT moments.id, moments.as_of, counted.* FROM moments LEFT JOIN counted ON counted.entity_id = moments.id AND counted.${time} < moments.as_of`,
      ],
    ],
  };
};
