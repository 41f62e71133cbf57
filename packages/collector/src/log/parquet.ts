import { zstdCompressSync } from "node:zlib";
import type { ColumnType, LogColumn } from "@tidemark/schema/log";
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { RowGroup } from "./row-group.ts";

/** Bytes of the bounds of a text column. Session ids begin with their site, which the default of 16 would not exceed. */
const BOUND_BYTES = 64;

const types: Record<ColumnType, Omit<SchemaElement, "name">> = {
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  timestamp: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" } },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  // With the logical type JSON, DuckDB reads bytes, and each feature of them is NULL.
  json: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

/** Settings of a column. The rows are sorted by required columns, so that only their bounds exclude groups of rows. */
const settingsOf = ({ type, required }: LogColumn, isEmpty: boolean): Partial<ColumnSource> => {
  if (isEmpty) return { encoding: "PLAIN", codec: "UNCOMPRESSED", statistics: false };
  const statistics = required;
  switch (type) {
    case "int32":
    case "int64":
    case "timestamp":
      return { statistics, encoding: "DELTA_BINARY_PACKED" };
    case "number":
      // Zstandard makes these as small as a dictionary does, in less time.
      return { statistics, encoding: "PLAIN" };
    default:
      return { statistics };
  }
};

const elementOf = ({ name, type, required }: LogColumn): SchemaElement => ({
  name,
  ...types[type],
  repetition_type: required ? "REQUIRED" : "OPTIONAL",
});

/** A Parquet file in memory, compressed with Zstandard. Equal groups of rows give equal bytes. */
export class ParquetFile {
  readonly #writer = new ByteWriter();
  readonly #parquet: ParquetWriter;

  constructor(columns: readonly LogColumn[]) {
    this.#parquet = new ParquetWriter({
      writer: this.#writer,
      schema: [{ name: "root", num_children: columns.length }, ...columns.map(elementOf)],
      codec: "ZSTD",
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
      statisticsTruncateLength: BOUND_BYTES,
      createdBy: "tidemark",
    });
  }

  /**
   * Writes a group of rows.
   *
   * @param pause Lets other work run, before each column with values.
   */
  async write(group: RowGroup, pause: () => Promise<void>): Promise<void> {
    const before = this.#parquet.row_groups.length;
    for (const { column, values, isEmpty } of group.columns()) {
      if (!isEmpty) await pause();
      const columnData = [{ name: column.name, data: values, ...settingsOf(column, isEmpty) }];
      this.#parquet.write({ columnData, rowGroupSize: group.rows });
    }
    this.#uniteGroups(before);
  }

  /** Unites the groups from an index on, each of which has one column of the same rows: the writer never pauses in one. */
  #uniteGroups(from: number): void {
    const parquet = this.#parquet;
    const parts = parquet.row_groups.splice(from);
    const sumOf = (size: "total_byte_size" | "total_compressed_size"): bigint =>
      parts.reduce((sum, part) => sum + (part[size] ?? 0n), 0n);
    parquet.row_groups.push({
      columns: parts.flatMap(({ columns }) => columns),
      total_byte_size: sumOf("total_byte_size"),
      total_compressed_size: sumOf("total_compressed_size"),
      num_rows: parts[0]?.num_rows ?? 0n,
    });
    parquet.num_rows = parquet.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  }

  /** Ends the file, and returns its bytes. */
  finish(): Uint8Array {
    this.#parquet.finish();
    return this.#writer.getBytes().slice();
  }
}
