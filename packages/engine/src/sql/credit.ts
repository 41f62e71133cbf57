import type { AggregateFeature, Credit, Feature } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { type FieldKind, fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import { MAX_TOUCHES, WEIGHT_ONE } from "../touches.ts";
import { conditionSql } from "./condition.ts";
import type { Dialect } from "./dialect.ts";
import type { FieldColumns } from "./field-columns.ts";
import { double } from "./literal.ts";

/** Column with the type of a credited event. It is NULL in an event of the entity itself, whose type is in `type`. */
export const CREDIT_TYPE = "credit_type";

/** Column with the place of the page among those viewed before the event: 1 for the one viewed last. */
const PLACE = "touch_place";

/** Column with the number of these pages. */
const PAGES = "touch_count";

type CreditFeature = AggregateFeature & { aggregate: Credit };

const isCredit = (feature: Feature): feature is Feature & CreditFeature =>
  !isDerived(feature) && (feature as AggregateFeature).aggregate.type === "credit";

/** The features that read credited events. */
export const creditFeatures = (features: readonly Feature[]): CreditFeature[] => features.filter(isCredit);

const decayColumn = (halfLife: number): string => `share with half-life ${halfLife}`;

/** The share of the page in a credited event, as a DOUBLE. */
export const shareSql = (credit: Credit, { quote }: Dialect): string => {
  switch (credit.share) {
    case "each":
      return "1e0";
    case "last_touch":
      return `CASE ${PLACE} WHEN 1 THEN 1e0 ELSE 0e0 END`;
    case "linear":
      return `1e0 / CAST(${PAGES} AS DOUBLE)`;
    case "time_decay":
      return quote(decayColumn(credit.half_life_ms));
  }
};

/** The condition that an event is credited for a feature, over the columns of the fields. */
const isCreditedSql = ({ source, where = [] }: CreditFeature, dialect: Dialect, columns: FieldColumns): string => {
  const fields = fieldsOf(source);
  const type = dialect.quote("type");
  const conditions = where.map((each) =>
    conditionSql(each as never, kindAt(fields, each.field) as FieldKind, dialect, columns),
  );
  return [source === "any" ? `${type} IS NOT NULL` : `${type} = ${dialect.text(source)}`, ...conditions].join(" AND ");
};

/** The columns of credited events: their names, and their values. They are NULL in events of the page itself. */
const creditColumns = (features: readonly CreditFeature[], { quote }: Dialect): [name: string, type: string][] => {
  const halfLives = features.flatMap(({ aggregate }) =>
    aggregate.share === "time_decay" ? [aggregate.half_life_ms] : [],
  );
  return [
    [PLACE, "BIGINT"],
    [PAGES, "BIGINT"],
    ...[...new Set(halfLives)].map((each): [string, string] => [quote(decayColumn(each)), "DOUBLE"]),
  ];
};

const EVENT = "event_session, event_arrival";

/**
 * The subqueries that add credited events to the events of pages: for each event of a credit feature, one for each page
 * that its session viewed before. They read `page_events`, whose rows have the columns {@link EVENT}, `entity_id` and those
 * of an event, and the last one is `counted_events`.
 *
 * @param items The columns of an event without its type, view and page.
 * @param needsOwn Whether the pages' own events are needed too.
 */
export const creditedEvents = (
  features: readonly CreditFeature[],
  items: readonly string[],
  dialect: Dialect,
  columns: FieldColumns,
  needsOwn: boolean,
): [name: string, sql: string][] => {
  const { quote, text, textType } = dialect;
  const [type, time] = [quote("type"), quote("time")];
  const isCredited = features.map((each) => `(${isCreditedSql(each, dialect, columns)})`).join(" OR ");
  const own = creditColumns(features, dialect);
  const weights = features.flatMap(({ aggregate }) => {
    if (aggregate.share !== "time_decay") return [];
    const age = `CAST(event_time - touch_time AS DOUBLE) / ${double(aggregate.half_life_ms)}`;
    return [
      [decayColumn(aggregate.half_life_ms), `GREATEST(ROUND(${WEIGHT_ONE}e0 * POWER(0.5e0, ${age})), 1e0)`] as const,
    ];
  });
  const decays = [...new Map(weights)].map(
    ([name, weight]) => `${weight} / SUM(${weight}) OVER (PARTITION BY ${EVENT}) AS ${quote(name)}`,
  );
  const absent = own.map(([name, sqlType]) => `CAST(NULL AS ${sqlType}) AS ${name}`);
  const ownItems = ["entity_id", type, "view_id", ...items, `CAST(NULL AS ${textType}) AS ${CREDIT_TYPE}`, ...absent];
  const ownEvents = `SELECT ${ownItems.join(", ")} FROM page_events`;
  const creditedItems = [
    "credits.page AS entity_id",
    `CAST(NULL AS ${textType}) AS ${type}`,
    `CAST(NULL AS ${textType}) AS view_id`,
    ...items.map((name) => `credited.${name}`),
    `credited.${type} AS ${CREDIT_TYPE}`,
    ...own.map(([name]) => `credits.${name}`),
  ];
  const creditedSql = `SELECT ${creditedItems.join(", ")}
FROM credits JOIN credited ON credited.event_session = credits.event_session AND credited.event_arrival = credits.event_arrival`;
  return [
    ["credited", `SELECT * FROM page_events WHERE ${isCredited}`],
    [
      "touches",
      `SELECT credited.event_session, credited.event_arrival, credited.${time} AS event_time, viewed.entity_id AS page,
  MAX(viewed.event_arrival) AS touch_arrival, MAX_BY(viewed.${time}, viewed.event_arrival) AS touch_time
FROM credited JOIN page_events viewed ON viewed.event_session = credited.event_session
  AND viewed.event_arrival < credited.event_arrival AND viewed.${type} = ${text("page_view")} AND viewed.entity_id IS NOT NULL
GROUP BY credited.event_session, credited.event_arrival, credited.${time}, viewed.entity_id`,
    ],
    [
      "latest_touches",
      `SELECT *, ROW_NUMBER() OVER (PARTITION BY ${EVENT} ORDER BY touch_arrival DESC) AS latest FROM touches`,
    ],
    [
      "credits",
      `SELECT ${[
        EVENT,
        "page",
        `ROW_NUMBER() OVER (PARTITION BY ${EVENT} ORDER BY touch_arrival DESC) AS ${PLACE}`,
        `COUNT(*) OVER (PARTITION BY ${EVENT}) AS ${PAGES}`,
        ...decays,
      ].join(",\n  ")}\nFROM latest_touches WHERE latest <= ${MAX_TOUCHES} AND touch_time <= event_time`,
    ],
    ["counted_events", [...(needsOwn ? [ownEvents] : []), creditedSql].join("\nUNION ALL\n")],
  ];
};
