import type { ColumnType, LogColumn } from "@tidemark/schema/log";
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { RowGroup } from "./row-group.ts";
import { compressZstd } from "./zstd.ts";

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

/** The name of the program in the files. */
export const CREATED_BY = "tidemark";

const COMPRESSION = {
  codec: "ZSTD",
  compressors: { ZSTD: compressZstd },
  statisticsTruncateLength: BOUND_BYTES,
  createdBy: CREATED_BY,
} as const;

const createWriter = (writer: ByteWriter, columns: readonly LogColumn[]): ParquetWriter =>
  new ParquetWriter({
    writer,
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(elementOf)],
    ...COMPRESSION,
  });

/** A Parquet file in memory, compressed with Zstandard. Equal groups of rows give equal bytes. */
export class ParquetFile {
  readonly #writer = new ByteWriter();
  readonly #parquet: ParquetWriter;

  constructor(columns: readonly LogColumn[]) {
    this.#parquet = createWriter(this.#writer, columns);
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

/** Number of rows in a group of a file that is written by column. Larger groups are smaller in bytes. */
const COLUMN_GROUP = 100_000;

/** The groups of one column, and their bytes. */
interface WrittenColumn {
  bytes: Uint8Array;
  groups: RowGroupOfFile[];
}

type RowGroupOfFile = ParquetWriter["row_groups"][number];

/**
 * A Parquet file in memory that is written one column after the other, so that only the values of one column are in
 * memory. In the file, the columns of a group of rows are next to each other.
 */
export class ParquetColumns {
  readonly #columns: readonly LogColumn[];
  readonly #rows: number;
  readonly #written: WrittenColumn[] = [];

  /** @param rows Number of rows. */
  constructor(columns: readonly LogColumn[], rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Writes the values of the next column. */
  write(column: LogColumn, values: unknown[], isEmpty: boolean): void {
    const writer = new ByteWriter();
    const parquet = createWriter(writer, [column]);
    const columnData = [{ name: column.name, data: values, offsetIndex: false, ...settingsOf(column, isEmpty) }];
    parquet.write({ columnData, rowGroupSize: COLUMN_GROUP });
    this.#written.push({ bytes: writer.getBytes().slice(), groups: parquet.row_groups });
  }

  /** Ends the file, and returns its bytes. */
  finish(): Uint8Array {
    const size = this.#written.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const writer = new ByteWriter(size + 1_000_000);
    const parquet = createWriter(writer, this.#columns);
    const groups = this.#written[0]?.groups.length ?? 0;
    for (let index = 0; index < groups; index += 1) {
      const begin = writer.offset;
      const parts = this.#written.map(({ bytes, groups }) => {
        const group = groups[index] as RowGroupOfFile;
        return { bytes, group, chunk: group.columns[0] as RowGroupOfFile["columns"][number] };
      });
      for (const { bytes, chunk } of parts) appendChunk(writer, bytes, chunk);
      parquet.row_groups.push({
        columns: parts.map(({ chunk }) => chunk),
        total_byte_size: parts.reduce((sum, { group }) => sum + (group.total_byte_size ?? 0n), 0n),
        total_compressed_size: BigInt(writer.offset - begin),
        num_rows: parts[0]?.group.num_rows ?? 0n,
      });
    }
    parquet.num_rows = BigInt(this.#rows);
    parquet.finish();
    return writer.getBytes().slice();
  }
}

/** Appends the bytes of a column in a group of rows, and moves the offsets in its metadata to their place. */
const appendChunk = (writer: ByteWriter, bytes: Uint8Array, chunk: RowGroupOfFile["columns"][number]): void => {
  const meta = chunk.meta_data;
  if (!meta) throw new Error("expected the metadata of a column");
  const from = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
  const moved = BigInt(writer.offset - from);
  writer.appendBytes(bytes.subarray(from, from + Number(meta.total_compressed_size)));
  meta.data_page_offset += moved;
  if (meta.dictionary_page_offset !== undefined) meta.dictionary_page_offset += moved;
  chunk.file_offset += moved;
};
