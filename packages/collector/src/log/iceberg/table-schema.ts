import type { ColumnType, LogColumn } from "@tidemark/schema/log";

/** A field of an Iceberg schema. */
export interface IcebergField {
  id: number;
  name: string;
  required: boolean;
  type: string;
}

/** An Iceberg schema: https://iceberg.apache.org/spec/ */
export interface IcebergSchema {
  type: "struct";
  "schema-id"?: number;
  fields: IcebergField[];
}

const TYPES: Record<ColumnType, string> = {
  int32: "int",
  int64: "long",
  timestamp: "timestamptz",
  number: "double",
  boolean: "boolean",
  text: "string",
  json: "string",
};

/**
 * The schema of a table with the columns of the log. A column of the earlier schema keeps its id and type, also if it is
 * no column of the log any more. All are optional: a file of earlier definitions lacks some.
 */
export const tableSchema = (columns: readonly LogColumn[], earlier: readonly IcebergField[] = []): IcebergSchema => {
  const fields = [...earlier];
  const names = new Set(earlier.map(({ name }) => name));
  let id = Math.max(0, ...earlier.map((field) => field.id));
  for (const { name, type } of columns) {
    if (names.has(name)) continue;
    id += 1;
    fields.push({ id, name, required: false, type: TYPES[type] });
  }
  return { type: "struct", fields };
};

/** The mapping of columns in the files, which have no ids, to those of the schema: `schema.name-mapping.default`. */
export const nameMapping = ({ fields }: IcebergSchema): string =>
  JSON.stringify(fields.map(({ id, name }) => ({ "field-id": id, names: [name] })));
