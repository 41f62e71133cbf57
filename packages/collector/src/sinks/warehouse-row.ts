import type { Feature } from "@tidemark/schema";
import { type LogRecord, type RecordKind, type RecordTable, recordTable } from "@tidemark/schema/log";

/** Values of a row by column, as JSON has them. */
export type WarehouseRow = Record<string, string | number | boolean>;

/**
 * Converts records to rows of the tables that `tidemark warehouse ddl` creates: the columns of the log's files. Times are
 * texts of ISO 8601, in UTC.
 *
 * @param features The site's features, which are the columns of vectors.
 */
export const warehouseRows = (features: readonly Feature[]): ((record: LogRecord) => WarehouseRow) => {
  const tables = new Map<RecordKind, RecordTable>();
  return (record) => {
    const table = tables.get(record.kind) ?? recordTable(record.kind, features);
    tables.set(record.kind, table);
    const row: WarehouseRow = {};
    table.putValues(record, ({ name, type }, value) => {
      row[name] = type === "timestamp" ? new Date(value as number).toISOString() : value;
    });
    return row;
  };
};
