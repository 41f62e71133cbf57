import type { Feature } from "@tidemark/schema";
import { LOG_PREFIX, type LogFile, type RecordKind, rangesOf, recordKinds, recordTable } from "@tidemark/schema/log";
import { manifestsOf, readDay } from "../manifests.ts";
import { type Catalog, type CatalogAddress, openCatalog, type SnapshotId, type TableMetadata } from "./catalog.ts";
import { exactJson, parseExact } from "./exact-json.ts";
import { type DataFile, manifestFile, manifestListFile, type StoredManifest } from "./manifest-files.ts";
import { type IcebergSchema, nameMapping, tableSchema } from "./table-schema.ts";

const HOUR_MS = 3_600_000;

/** Time after an hour at which its files are registered, in milliseconds: they have been merged. */
const REGISTER_AFTER_MS = 900_000;

/** Time for which a snapshot is kept, in milliseconds. Replaced files are deleted after this time too. */
const SNAPSHOT_MS = HOUR_MS;

/** The property of a snapshot with the key of its {@link TableState}. */
const STATE = "tidemark.state";

/** The files of a table's snapshot, as JSON in the bucket. */
interface TableState {
  files: DataFile[];
  manifests: Record<string, StoredManifest>;
  /** Objects of earlier snapshots, and the times from which no snapshot needs them. */
  unused: { key: string; at: number }[];
}

/** A catalogue, and the bucket of the log as its readers name it, such as `s3://shop-log`. */
export interface IcebergTarget extends CatalogAddress {
  bucketUri: string;
}

/** Whether the files of an hour are merged. */
const isRegistered = (file: LogFile, now: number): boolean =>
  rangesOf(file).every(({ hour }) => Date.parse(file.date) + (hour + 1) * HOUR_MS + REGISTER_AFTER_MS <= now);

const timeColumnOf = (kind: RecordKind): string =>
  kind === "event" ? "time" : kind === "vector" ? "event_time" : "received_at";

const recordsIn = (files: readonly { records: number }[]): number =>
  files.reduce((sum, { records }) => sum + records, 0);

/**
 * Registers the files of a site's log in an Iceberg catalogue: a table for each kind of record, in a namespace of the
 * site's name. Each call makes the table equal to the list of the log, in one snapshot.
 *
 * @returns The number of new snapshots.
 * @throws Error when the catalogue fails, or when another writer has changed a table.
 */
export const registerLog = async (
  bucket: R2Bucket,
  { bucketUri, ...address }: IcebergTarget,
  site: { id: string; features: readonly Feature[] },
  now: number,
): Promise<number> => {
  const files: LogFile[] = [];
  for (const [date, manifests] of await manifestsOf(bucket, site.id))
    files.push(...(await readDay(bucket, site.id, date, manifests)).files.filter((file) => isRegistered(file, now)));
  const catalog = await openCatalog(address, site.id.replaceAll("-", "_"));
  let snapshots = 0;
  for (const kind of recordKinds) {
    const own = files.filter((file) => file.kind === kind);
    if (own.length === 0 && kind !== "event") continue;
    const table = { kind, bucketUri: bucketUri.replace(/\/$/, ""), features: site.features };
    if (await registerTable(bucket, catalog, table, own, now)) snapshots += 1;
  }
  return snapshots;
};

interface Table {
  kind: RecordKind;
  bucketUri: string;
  features: readonly Feature[];
}

const currentSnapshotOf = (metadata: TableMetadata) =>
  metadata.snapshots?.find((each) => each["snapshot-id"] === metadata["current-snapshot-id"]);

const readState = async (bucket: R2Bucket, kind: string, metadata: TableMetadata): Promise<TableState> => {
  const current = currentSnapshotOf(metadata);
  if (!current) return { files: [], manifests: {}, unused: [] };
  const key = current.summary[STATE];
  const stored = key === undefined ? null : await bucket.get(key);
  if (!stored)
    throw new Error(
      `the Iceberg table ${kind} was changed by another writer: drop it, and the log is registered again`,
    );
  return parseExact<TableState>(await stored.text());
};

/** Makes a table equal to a list of files. Returns whether it has a new snapshot. */
const registerTable = async (
  bucket: R2Bucket,
  catalog: Catalog,
  { kind, bucketUri, features }: Table,
  files: readonly LogFile[],
  now: number,
): Promise<boolean> => {
  const { columns } = recordTable(kind, features);
  const initial = tableSchema(columns);
  const metadata = await catalog.table(kind, initial, {
    "schema.name-mapping.default": nameMapping(initial),
    "format-version": "2",
  });
  const earlier = metadata.schemas.find((each) => each["schema-id"] === metadata["current-schema-id"]) ?? initial;
  const evolved = tableSchema(columns, earlier.fields);
  const hasNewColumns = evolved.fields.length > earlier.fields.length;
  const schemaId = hasNewColumns
    ? Math.max(...metadata.schemas.map((each) => each["schema-id"] ?? 0)) + 1
    : metadata["current-schema-id"];
  const schema: IcebergSchema = { ...evolved, "schema-id": schemaId };

  const state = await readState(bucket, kind, metadata);
  const known = new Map(state.files.map((file) => [file.name, file]));
  const names = new Set(files.map(({ name }) => name));
  const added = files.filter(({ name }) => !known.has(name));
  const removed = state.files.filter(({ name }) => !names.has(name));
  if (added.length === 0 && removed.length === 0 && !hasNewColumns) return false;

  const id = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  const sequence_number = metadata["last-sequence-number"] + 1;
  const all = files.map((file): DataFile => {
    const { name, records, bytes, min_time, max_time, date } = file;
    return known.get(name) ?? { name, records, bytes, min_time, max_time, date, snapshot_id: id, sequence_number };
  });
  const folder = `${metadata.location}/metadata`;
  const keyOf = (path: string): string => {
    if (path.startsWith(`${bucketUri}/`)) return path.slice(bucketUri.length + 1);
    throw new Error(`the Iceberg table ${kind} is at ${path}, outside of ${bucketUri}`);
  };
  const store = async (name: string, body: Uint8Array | string): Promise<string> => {
    const path = `${folder}/${name}`;
    await bucket.put(keyOf(path), body);
    return path;
  };

  const changedDates = new Set([...added, ...removed].map(({ date }) => date));
  const timeId = schema.fields.find(({ name }) => name === timeColumnOf(kind))?.id ?? 0;
  const manifests: Record<string, StoredManifest> = {};
  for (const date of [...new Set(all.map((file) => file.date))].sort()) {
    const unchanged = state.manifests[date];
    if (unchanged && !changedDates.has(date)) {
      manifests[date] = unchanged;
      continue;
    }
    const ofDay = all.filter((file) => file.date === date);
    const bytes = manifestFile(ofDay, (name) => `${bucketUri}/${LOG_PREFIX}${name}`, schema, id, timeId);
    const isNew = (file: DataFile): boolean => file.snapshot_id === id;
    const [fresh, existing] = [ofDay.filter(isNew), ofDay.filter((file) => !isNew(file))];
    manifests[date] = {
      path: await store(`${date}-${id}.avro`, bytes),
      bytes: bytes.length,
      snapshot_id: id,
      sequence_number,
      min_sequence_number: Math.min(...ofDay.map((file) => file.sequence_number)),
      added: { files: fresh.length, records: recordsIn(fresh) },
      existing: { files: existing.length, records: recordsIn(existing) },
    };
  }

  const current = currentSnapshotOf(metadata);
  const parent = current?.["snapshot-id"];
  const list = manifestListFile(Object.values(manifests), { id, parent, sequence_number });
  const listPath = await store(`snap-${id}.avro`, list);
  const kept = new Set(Object.values(manifests).map(({ path }) => path));
  const replaced = Object.values(state.manifests).filter(({ path }) => !kept.has(path));
  const unusedNow = [
    ...replaced.map(({ path }) => keyOf(path)),
    ...(current ? [keyOf(current["manifest-list"]), current.summary[STATE] as string] : []),
  ];
  const next: TableState = {
    files: all,
    manifests,
    unused: [
      ...state.unused.filter(({ at }) => at > now),
      ...unusedNow.map((key) => ({ key, at: now + 2 * SNAPSHOT_MS })),
    ],
  };
  const statePath = await store(`state-${id}.json`, exactJson(next));

  const expired = (metadata.snapshots ?? []).filter(
    (each) => each["snapshot-id"] !== parent && each["timestamp-ms"] < now - SNAPSHOT_MS,
  );
  const isCommitted = await catalog.commit(kind, {
    requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent ?? null }],
    updates: [
      ...(hasNewColumns
        ? [
            { action: "add-schema", schema, "last-column-id": Math.max(...schema.fields.map((each) => each.id)) },
            { action: "set-current-schema", "schema-id": -1 },
            { action: "set-properties", updates: { "schema.name-mapping.default": nameMapping(schema) } },
          ]
        : []),
      {
        action: "add-snapshot",
        snapshot: {
          "snapshot-id": id,
          ...(parent !== undefined && { "parent-snapshot-id": parent }),
          "sequence-number": sequence_number,
          // The times of snapshots increase, whatever the clocks say.
          "timestamp-ms": Math.max(now, metadata["last-updated-ms"] ?? 0),
          "manifest-list": listPath,
          "schema-id": schemaId,
          summary: {
            operation: removed.length > 0 ? "overwrite" : "append",
            "added-data-files": String(added.length),
            "deleted-data-files": String(removed.length),
            "total-data-files": String(all.length),
            "total-records": String(recordsIn(all)),
            [STATE]: keyOf(statePath),
          },
        },
      },
      { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id },
      ...(expired.length > 0
        ? [{ action: "remove-snapshots", "snapshot-ids": expired.map((each): SnapshotId => each["snapshot-id"]) }]
        : []),
    ],
  });
  if (!isCommitted) throw new Error(`the Iceberg table ${kind} has changed meanwhile; it is registered again later`);
  const unused = state.unused.filter(({ at }) => at <= now).map(({ key }) => key);
  if (unused.length > 0) await bucket.delete(unused);
  return true;
};
