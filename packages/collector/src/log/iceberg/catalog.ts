import { exactJson, parseExact } from "./exact-json.ts";
import type { IcebergSchema } from "./table-schema.ts";

/** Id of a snapshot: 64 bits. */
export type SnapshotId = bigint | number;

/** A snapshot of a table: the parts that are read or written here. */
export interface Snapshot {
  "snapshot-id": SnapshotId;
  "parent-snapshot-id"?: SnapshotId;
  "sequence-number": number;
  "timestamp-ms": number;
  "manifest-list": string;
  "schema-id": number;
  summary: Record<string, string>;
}

/** The metadata of a table: the parts that are read here. */
export interface TableMetadata {
  location: string;
  "last-sequence-number": number;
  /** UTC milliseconds by the clock of the catalogue. */
  "last-updated-ms"?: number;
  "current-schema-id": number;
  schemas: IcebergSchema[];
  /** `null`, -1 or absent before the first snapshot. */
  "current-snapshot-id"?: SnapshotId | null;
  snapshots?: Snapshot[];
}

/** A change of a table, which the catalogue applies as a whole if all requirements hold. */
interface TableCommit {
  requirements: object[];
  updates: object[];
}

/** The tables of a namespace in an Iceberg REST catalogue. */
export interface Catalog {
  /** Loads a table, and creates it if needed. */
  table(name: string, schema: IcebergSchema, properties: Readonly<Record<string, string>>): Promise<TableMetadata>;
  /** Applies a change. Returns false if a requirement does not hold. @throws Error for any other failure. */
  commit(name: string, commit: TableCommit): Promise<boolean>;
}

/** The address of a catalogue. */
export interface CatalogAddress {
  uri: string;
  warehouse?: string | undefined;
  token?: string | undefined;
}

/** Opens a namespace of a catalogue, and creates it if needed: the API of R2 Data Catalog, among others. */
export const openCatalog = async (
  { uri, warehouse, token }: CatalogAddress,
  namespace: string,
  send: typeof fetch = fetch,
): Promise<Catalog> => {
  const request = async <T>(path: string, body?: object): Promise<{ status: number; value: T }> => {
    const response = await send(`${uri.replace(/\/$/, "")}/v1${path}`, {
      method: body ? "POST" : "GET",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: exactJson(body) }),
    });
    const text = await response.text();
    if (!response.ok && response.status !== 404 && response.status !== 409)
      throw new Error(`the Iceberg catalogue at ${uri} responded ${response.status} to ${path}: ${text.slice(0, 300)}`);
    return { status: response.status, value: (text === "" ? {} : parseExact(text)) as T };
  };
  const query = warehouse === undefined ? "" : `?warehouse=${encodeURIComponent(warehouse)}`;
  const { value } = await request<{ overrides?: { prefix?: string }; defaults?: { prefix?: string } }>(
    `/config${query}`,
  );
  const prefix = value.overrides?.prefix ?? value.defaults?.prefix;
  const root = prefix ? `/${prefix}/namespaces` : "/namespaces";
  const tables = `${root}/${encodeURIComponent(namespace)}/tables`;
  await request(root, { namespace: [namespace], properties: {} });
  const load = async (name: string): Promise<TableMetadata | undefined> => {
    const loaded = await request<{ metadata?: TableMetadata }>(`${tables}/${name}`);
    return loaded.status === 404 ? undefined : loaded.value.metadata;
  };
  return {
    async table(name, schema, properties) {
      const existing = await load(name);
      if (existing) return existing;
      await request(tables, { name, schema: { ...schema, "schema-id": 0 }, properties });
      const created = await load(name);
      if (created) return created;
      throw new Error(`the Iceberg catalogue at ${uri} has no table ${namespace}.${name} after its creation`);
    },
    async commit(name, { requirements, updates }) {
      const identifier = { namespace: [namespace], name };
      const { status } = await request(`${tables}/${name}`, { identifier, requirements, updates });
      if (status === 404) throw new Error(`the Iceberg catalogue at ${uri} has no table ${namespace}.${name}`);
      return status !== 409;
    },
  };
};
