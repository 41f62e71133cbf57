import { zstdDecompressSync } from "node:zlib";
import type { ColumnType, LogColumn } from "@tidemark/schema/log";
import { type FileMetaData, parquetMetadata, parquetSchema, type SchemaElement } from "hyparquet";
import { readColumn } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { CREATED_BY } from "./parquet.ts";

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

const compressors = { ZSTD: (bytes: Uint8Array): Uint8Array => zstdDecompressSync(bytes) };

/** A file of the log in memory, read by column. */
export class ParquetSource {
  /** The columns. JSON is text. */
  readonly columns: readonly LogColumn[];
  readonly rows: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #metadata: FileMetaData;
  /** Whether a column that is not compressed has no value, as in files of this collector. */
  readonly #isOwn: boolean;
  /** The index of each column by name. */
  readonly #indexes: ReadonlyMap<string, number>;

  /** @throws Error for bytes that are not a Parquet file. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    const { buffer, byteOffset, byteLength } = bytes;
    this.#metadata = parquetMetadata(byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteLength));
    this.#isOwn = this.#metadata.created_by === CREATED_BY;
    const [, ...elements] = this.#metadata.schema;
    this.columns = elements.map((element) => ({
      name: element.name,
      type: typeOf(element),
      required: element.repetition_type === "REQUIRED",
    }));
    this.rows = Number(this.#metadata.num_rows);
    this.#indexes = new Map(elements.map(({ name }, index) => [name, index]));
  }

  /** Reads the values of a column, in parts; none for a column that the file does not have, or that has no value. */
  *read(name: string): Generator<{ start: number; values: ArrayLike<unknown> }> {
    const index = this.#indexes.get(name);
    if (index === undefined) return;
    const element = this.#metadata.schema[index + 1] as SchemaElement;
    const root = parquetSchema(this.#metadata);
    let start = 0;
    for (const { columns, num_rows } of this.#metadata.row_groups) {
      const rows = Number(num_rows);
      const meta = columns[index]?.meta_data;
      if (meta && !(this.#isOwn && meta.codec === "UNCOMPRESSED")) {
        const from = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
        const view = new DataView(
          this.#bytes.buffer,
          this.#bytes.byteOffset + from,
          Number(meta.total_compressed_size),
        );
        const decoder = { ...meta, pathInSchema: [name], element, schemaPath: [root, root.children[index]], parsers };
        const { data } = readColumn(
          { view, offset: 0 },
          { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows },
          { ...decoder, compressors } as unknown as Parameters<typeof readColumn>[2],
        );
        let place = start;
        for (const values of data) {
          yield { start: place, values };
          place += values.length;
        }
      }
      start += rows;
    }
  }
}
