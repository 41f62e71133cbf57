import type { Feature, FeatureSet } from "@tidemark/schema";
import { eventColumns, type LogColumn, payloadColumns, type RecordKind, vectorColumns } from "@tidemark/schema/log";

/** A table of a warehouse with the records of one kind, as the files of the log have them. */
export interface WarehouseTable {
  kind: RecordKind;
  /** Name of the table. While compaction replaces files, it can have a record twice. */
  files: string;
  /** Name of the view with each record once. */
  view: string;
  columns: readonly LogColumn[];
  /** Column with the event time; with that of the receipt, when the record has no other. */
  time: string;
  /** Columns by which the rows are sorted, where the warehouse sorts them. */
  order: readonly string[];
  /** Whether a record has an event id: `<session>/<tab>/<seq>`. */
  hasEventId: boolean;
}

const served: WarehouseTable = {
  ...{ kind: "served_vector", files: "served_vector_files", view: "served_vectors", columns: payloadColumns },
  ...{ time: "received_at", order: ["received_at"], hasEventId: false },
};

/**
 * The tables of a site's log: the events of the contract, the vectors of the definitions, and the served vectors when a
 * feature set has `log`.
 */
export const warehouseTables = (features: readonly Feature[], sets: readonly FeatureSet[]): WarehouseTable[] => [
  {
    ...{ kind: "event", files: "event_files", view: "events", columns: eventColumns },
    ...{ time: "time", order: ["type", "time"], hasEventId: true },
  },
  {
    ...{ kind: "vector", files: "vector_files", view: "vectors", columns: vectorColumns(features) },
    ...{ time: "event_time", order: ["event_time"], hasEventId: false },
  },
  ...(sets.some(({ log }) => log) ? [served] : []),
];
