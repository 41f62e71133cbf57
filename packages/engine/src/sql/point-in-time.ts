import type { Entity, Feature } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import { latenessRule } from "../lateness.ts";
import { paneLayoutOf } from "../pane-layout.ts";
import { creditedEvents, creditFeatures } from "./credit.ts";
import type { Dialect } from "./dialect.ts";
import { entityIdSql } from "./entity.ts";
import type { FieldColumns } from "./field-columns.ts";
import type { SqlOptions } from "./options.ts";
import type { RowSet } from "./row-set.ts";

/**
 * The row set with a row for each (id, as_of) of the entity in `spine`, with the features as of that time. With `latest`
 * the rows are those of each id with an event, as of its latest event.
 *
 * An event counts when its event time is before `as_of`, even if it arrived later. It counts once, and not at all if it
 * was too late by its session's watermark. The watermark follows the order of arrival, so that an event of a later
 * event time can make an earlier one too late.
 */
export const pointInTime = (
  entity: Entity,
  features: readonly Feature[],
  dialect: Dialect,
  options: SqlOptions = {},
): RowSet => {
  const { quote } = dialect;
  const { maxBehindMs } = latenessRule(options);
  const name = entityNameOf({ entity });
  const time = quote("time");
  const session = quote("session_id");
  const at = `(${quote("as_of")} - 1)`;
  const credits = creditFeatures(features);
  // The moment of the latest event depends on all events, and credit at a given moment on credited ones alone.
  const needsOwn = options.asOf === "latest" || features.filter((each) => !isDerived(each)).length > credits.length;
  const isCounted = `max_event_time IS NULL OR max_event_time - ${time} <= ${maxBehindMs}`;
  const countedEvents = (fields: FieldColumns): [name: string, sql: string][] => {
    const id = `${entityIdSql(entity, dialect)} AS entity_id`;
    const context = [time, "tab_id", "seq"];
    const eventsSql = (others: string[]): string =>
      `SELECT ${[id, ...others, quote("type"), "view_id", ...context, ...fields.selectItems()].join(",\n  ")}\nFROM with_progress WHERE ${isCounted}`;
    if (credits.length === 0) return [["counted_events", eventsSql([])]];
    const own = eventsSql([`${session} AS event_session`, "arrival AS event_arrival"]);
    return [
      ["page_events", own],
      ...creditedEvents(credits, [...context, ...fields.names()], dialect, fields, needsOwn),
    ];
  };
  return {
    hasCredits: credits.length > 0,
    name: `${name}_features`,
    features,
    keys: ["id", "as_of"],
    at,
    windowFilter(window) {
      const layout = paneLayoutOf(window);
      if (layout === null) return undefined;
      const { pane_ms, pane_count } = layout;
      return `${time} >= ${at} - ${at} % ${pane_ms} - ${(pane_count - 1) * pane_ms}`;
    },
    subqueries: (fields) => [
      [
        "ranked_events",
        `SELECT *, ROW_NUMBER() OVER (PARTITION BY ${session}, tab_id, seq ORDER BY arrival) AS arrival_rank FROM ${fields.events()}`,
      ],
      [
        "with_progress",
        `SELECT *, MAX(${time}) OVER (PARTITION BY ${session} ORDER BY arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS max_event_time FROM ranked_events WHERE arrival_rank = 1`,
      ],
      ...countedEvents(fields),
      ["spine_rows", spineSql(name, dialect, options)],
      [
        "row_events",
        `SELECT spine_rows.id, spine_rows.as_of, counted_events.* FROM spine_rows LEFT JOIN counted_events ON counted_events.entity_id = spine_rows.id AND counted_events.${time} < spine_rows.as_of`,
      ],
    ],
  };
};

/** The rows to compute. */
const spineSql = (name: string, dialect: Dialect, { asOf = "spine" }: SqlOptions): string =>
  asOf === "spine"
    ? `SELECT DISTINCT id, as_of FROM spine WHERE entity = ${dialect.text(name)}`
    : `SELECT entity_id AS id, MAX(${dialect.quote("time")}) + 1 AS as_of FROM counted_events WHERE entity_id IS NOT NULL GROUP BY entity_id`;
