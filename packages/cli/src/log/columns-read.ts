import { GROWTH_FIELDS } from "@tidemark/engine";
import type { AggregateFeature, Feature } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { eventColumns, fieldColumns, type LogColumn } from "@tidemark/schema/log";

/** Fields of events that the engine reads for any features. */
const CONTEXT = [
  ...[
    "type",
    "time",
    "seq",
    "tab_id",
    "session_id",
    "anonymous_id",
    "user_id",
    "view_id",
    "view_time_ms",
    "view.path",
    "view.started_at",
    "view.signals",
  ],
  ...["consent.measurement", "consent.personalisation"],
];

const fieldsIn = (feature: Feature): string[] => {
  const { entity } = feature;
  const ofEntity = typeof entity === "object" ? [entity.field] : [];
  if (isDerived(feature)) return ofEntity;
  const { where = [], aggregate } = feature as AggregateFeature;
  return [...ofEntity, ...where.map(({ field }) => field), ...("field" in aggregate ? [aggregate.field] : [])];
};

/**
 * The columns of events from which features are computed, and `arrival`. A row of these columns has the event with the
 * fields that the features read: a part of all columns, which is several times as fast to read.
 */
export const columnsRead = (features: readonly Feature[]): LogColumn[] => {
  const fields = new Set([...CONTEXT, ...features.flatMap(fieldsIn)]);
  for (const { field, total } of GROWTH_FIELDS) if (fields.has(field)) fields.add(total);
  const names = new Set(["arrival", "rest"]);
  for (const field of fields) {
    const column = fieldColumns.get(field) ?? fieldColumns.get(`${field.split(".")[0]}.`);
    if (column) names.add(column.name);
  }
  return eventColumns.filter(({ name }) => names.has(name));
};
