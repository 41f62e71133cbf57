import type { ColumnType, LogColumn } from "@tidemark/schema/log";
import { type ColumnChunk, type FileMetaData, parquetMetadata, parquetSchema, type SchemaElement } from "hyparquet";
import { readColumn } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { CREATED_BY } from "./parquet.ts";
import { decompressZstd } from "./zstd.ts";

const typeOf = ({ type, logical_type }: SchemaElement): ColumnType => {
  switch (type) {
    case "INT32":
      return "int32";
    case "INT64":
      return logical_type?.type === "TIMESTAMP" ? "timestamp" : "int64";
    case "DOUBLE":
      return "number";
    case "BOOLEAN":
      return "boolean";
    default:
      return "text";
  }
};

/** A timestamp stays a number of microseconds, as the writer expects it. */
const parsers = { ...DEFAULT_PARSERS, timestampFromMicroseconds: (micros: bigint): unknown => micros };

const compressors = { ZSTD: decompressZstd };

/** The bytes of a chunk in its file. */
export const chunkRange = ({ meta_data: meta }: ColumnChunk): { offset: number; length: number } | undefined =>
  meta && {
    offset: Number(meta.dictionary_page_offset ?? meta.data_page_offset),
    length: Number(meta.total_compressed_size),
  };

/**
 * Decodes the values of a column in one group of rows, in parts; none for a column without a value.
 *
 * @param group Index of the group of rows.
 * @param index Index of the column.
 * @param view The bytes of the chunk: see {@link chunkRange}.
 */
export const decodeChunk = (
  metadata: FileMetaData,
  group: number,
  index: number,
  view: DataView,
): ArrayLike<unknown>[] => {
  const { columns = [], num_rows = 0n } = metadata.row_groups[group] ?? {};
  const meta = columns[index]?.meta_data;
  // A column that is not compressed has no value, as in files of this collector.
  if (!meta || (metadata.created_by === CREATED_BY && meta.codec === "UNCOMPRESSED")) return [];
  const root = parquetSchema(metadata);
  const element = metadata.schema[index + 1] as SchemaElement;
  const rows = Number(num_rows);
  const schemaPath = [root, root.children[index]];
  const decoder = { ...meta, pathInSchema: [element.name], element, schemaPath, parsers, compressors };
  return readColumn(
    { view, offset: 0 },
    { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows },
    decoder as unknown as Parameters<typeof readColumn>[2],
  ).data;
};

/** The columns of a file. JSON is text. */
export const columnsIn = ({ schema: [, ...elements] }: FileMetaData): LogColumn[] =>
  elements.map((element) => ({
    name: element.name,
    type: typeOf(element),
    required: element.repetition_type === "REQUIRED",
  }));

/** A file of the log in memory, read by column. */
export class ParquetSource {
  /** The columns. JSON is text. */
  readonly columns: readonly LogColumn[];
  readonly rows: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #metadata: FileMetaData;
  /** The index of each column by name. */
  readonly #indexes: ReadonlyMap<string, number>;

  /** @throws Error for bytes that are not a Parquet file. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    const { buffer, byteOffset, byteLength } = bytes;
    this.#metadata = parquetMetadata(byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteLength));
    this.columns = columnsIn(this.#metadata);
    this.rows = Number(this.#metadata.num_rows);
    this.#indexes = new Map(this.columns.map(({ name }, index) => [name, index]));
  }

  /** Reads the values of a column, in parts; none for a column that the file does not have, or that has no value. */
  *read(name: string): Generator<{ start: number; values: ArrayLike<unknown> }> {
    const index = this.#indexes.get(name);
    if (index === undefined) return;
    let start = 0;
    for (const [group, { columns, num_rows }] of this.#metadata.row_groups.entries()) {
      const range = columns[index] && chunkRange(columns[index]);
      if (range) {
        const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + range.offset, range.length);
        let place = start;
        for (const values of decodeChunk(this.#metadata, group, index, view)) {
          yield { start: place, values };
          place += values.length;
        }
      }
      start += Number(num_rows);
    }
  }
}
