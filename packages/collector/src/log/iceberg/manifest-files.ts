import type { LogFile } from "@tidemark/schema/log";
import { type AvroSchema, avroFile } from "./avro.ts";
import type { SnapshotId } from "./catalog.ts";
import { exactJson } from "./exact-json.ts";
import type { IcebergSchema } from "./table-schema.ts";

/** A file of the log in a table. */
export interface DataFile extends Pick<LogFile, "bytes" | "max_time" | "min_time" | "name" | "records"> {
  date: string;
  /** The snapshot that added it. */
  snapshot_id: SnapshotId;
  sequence_number: number;
}

/** A manifest: the files of one day. */
export interface StoredManifest {
  path: string;
  bytes: number;
  /** The snapshot that wrote it. */
  snapshot_id: SnapshotId;
  sequence_number: number;
  min_sequence_number: number;
  added: { files: number; records: number };
  existing: { files: number; records: number };
}

const field = (id: number, name: string, type: AvroSchema, isOptional = false) => ({
  name,
  type: isOptional ? ["null", type] : type,
  "field-id": id,
  ...(isOptional && { default: null }),
});

const record = (name: string, ...fields: object[]): AvroSchema => ({ type: "record", name, fields });

/** A map from the id of a column to bytes. */
const boundsSchema = (key: number, value: number): AvroSchema => ({
  type: "array",
  logicalType: "map",
  items: record(`k${key}_v${value}`, field(key, "key", "int"), field(value, "value", "bytes")),
});

const MANIFEST: AvroSchema = record(
  "manifest_entry",
  field(0, "status", "int"),
  field(1, "snapshot_id", "long", true),
  field(3, "sequence_number", "long", true),
  field(4, "file_sequence_number", "long", true),
  field(
    2,
    "data_file",
    record(
      "r2",
      field(134, "content", "int"),
      field(100, "file_path", "string"),
      field(101, "file_format", "string"),
      field(102, "partition", record("r102")),
      field(103, "record_count", "long"),
      field(104, "file_size_in_bytes", "long"),
      field(125, "lower_bounds", boundsSchema(126, 127), true),
      field(128, "upper_bounds", boundsSchema(129, 130), true),
    ),
  ),
);

const MANIFEST_LIST: AvroSchema = record(
  "manifest_file",
  field(500, "manifest_path", "string"),
  field(501, "manifest_length", "long"),
  field(502, "partition_spec_id", "int"),
  field(517, "content", "int"),
  field(515, "sequence_number", "long"),
  field(516, "min_sequence_number", "long"),
  field(503, "added_snapshot_id", "long"),
  field(504, "added_files_count", "int"),
  field(505, "existing_files_count", "int"),
  field(506, "deleted_files_count", "int"),
  field(512, "added_rows_count", "long"),
  field(513, "existing_rows_count", "long"),
  field(514, "deleted_rows_count", "long"),
);

/** A time in UTC milliseconds as a bound of a column of microseconds. */
const boundOf = (id: number, time: number) => {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigInt64(0, BigInt(Math.trunc(time)) * 1_000n, true);
  return [{ key: id, value }];
};

/** Encodes the manifest of a day. @param timeId Id of the column with the event time. */
export const manifestFile = (
  files: readonly DataFile[],
  pathOf: (name: string) => string,
  schema: IcebergSchema,
  snapshot: SnapshotId,
  timeId: number,
): Uint8Array =>
  avroFile(
    MANIFEST,
    {
      schema: exactJson(schema),
      "schema-id": String(schema["schema-id"] ?? 0),
      "partition-spec": "[]",
      "partition-spec-id": "0",
      "format-version": "2",
      content: "data",
    },
    files.map(({ name, records, bytes, min_time, max_time, snapshot_id, sequence_number }) => {
      const isAdded = snapshot_id === snapshot;
      return {
        status: isAdded ? 1 : 0,
        snapshot_id,
        // The numbers of added files are those of their snapshot, which readers inherit.
        sequence_number: isAdded ? null : sequence_number,
        file_sequence_number: isAdded ? null : sequence_number,
        data_file: {
          ...{ content: 0, file_path: pathOf(name), file_format: "PARQUET", partition: {} },
          ...{ record_count: records, file_size_in_bytes: bytes },
          lower_bounds: boundOf(timeId, min_time),
          upper_bounds: boundOf(timeId, max_time),
        },
      };
    }),
  );

/** Encodes the list of a snapshot's manifests. */
export const manifestListFile = (
  manifests: readonly StoredManifest[],
  snapshot: { id: SnapshotId; parent: SnapshotId | undefined; sequence_number: number },
): Uint8Array =>
  avroFile(
    MANIFEST_LIST,
    {
      "snapshot-id": String(snapshot.id),
      "parent-snapshot-id": String(snapshot.parent ?? null),
      "sequence-number": String(snapshot.sequence_number),
      "format-version": "2",
    },
    manifests.map((manifest) => ({
      ...{ manifest_path: manifest.path, manifest_length: manifest.bytes, partition_spec_id: 0, content: 0 },
      ...{ sequence_number: manifest.sequence_number, min_sequence_number: manifest.min_sequence_number },
      added_snapshot_id: manifest.snapshot_id,
      ...{ added_files_count: manifest.added.files, existing_files_count: manifest.existing.files },
      ...{ deleted_files_count: 0, added_rows_count: manifest.added.records },
      ...{ existing_rows_count: manifest.existing.records, deleted_rows_count: 0 },
    })),
  );
