import { abbreviated } from "../abbreviated.ts";
import type { Env } from "../env.ts";
import { HttpError } from "../errors.ts";
import { countServed } from "../metrics/feature-age.ts";
import { type Selection, select } from "../selected.ts";
import { servedRecord } from "../served-vector.ts";
import type { Tenant } from "../tenants.ts";
import type { Vector } from "./read-vector.ts";
import type { RecordLog } from "./record-log.ts";

/** A reader of vectors of one site. */
export interface Reader {
  env: Env;
  tenant: Tenant;
  /** Who reads, as the log records it. */
  caller: "server" | "page";
  /** The log of served vectors and predictions. */
  records: RecordLog;
  /** The secret that a page shows, which then reads its own session. Default: the reader may read every session. */
  secret?: string;
}

/** The error for an entity that the reader may not know, or that the site does not have. */
export const notFound = (
  { tenant, secret }: Pick<Reader, "tenant" | "secret">,
  entity: string,
  id: string,
): HttpError => {
  const condition = entity === "session" && secret !== undefined ? " that began with this secret" : "";
  const name = JSON.stringify(abbreviated(id));
  return new HttpError("not_found", `Site ${tenant.site.id} has no ${entity} ${name}${condition}.`);
};

/** The selected part of a vector, as the reader receives it. The metrics count its age. The log records it if its set says so. */
export const serve = <V extends Vector>(reader: Reader, vector: V, selection: Selection | undefined): V => {
  const selected = select(vector, selection);
  countServed(reader.tenant.site.id, selected);
  const record = servedRecord(reader.tenant, reader.caller, selected);
  if (record) reader.records.add(reader.tenant, record);
  return selected;
};
