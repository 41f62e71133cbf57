import { type LogFile, rangesOf, recordKinds } from "@tidemark/schema/log";
import { abbreviated } from "../../abbreviated.ts";
import { logKeeperOf, logWriterOf } from "../../env.ts";
import { HttpError, invalidJson } from "../../errors.ts";
import { bucketOf } from "../../log/bucket.ts";
import { byteRangeIn } from "../../log/byte-range.ts";
import { hoursToCompact } from "../../log/compact-hour.ts";
import { getFile, listFiles, putFile, sizeOfFile } from "../../log/log-store.ts";
import { manifestsOf, readDay } from "../../log/manifests.ts";
import type { Replaced } from "../../log/replace-files.ts";
import { readTail } from "../../log/tail.ts";
import { partitionsOf } from "../../partition/partitions.ts";
import type { Tenant, Tenants } from "../../tenants.ts";
import type { RouteContext, RouteGroup } from "../route.ts";

const HOUR_MS = 3_600_000;

/** The site with a log that the query names. @throws HttpError that says what to change. */
export const tenantOfLog = (c: RouteContext, tenants: Tenants): Tenant => {
  const site = c.req.query("site");
  const sites = [...tenants.keys()].join(", ");
  if (site === undefined) throw new HttpError("invalid_query", `site: expected one of ${sites}; given none.`);
  const tenant = tenants.get(site);
  if (!tenant)
    throw new HttpError(
      "not_found",
      `site: there is no site ${JSON.stringify(abbreviated(site))}; expected one of ${sites}.`,
    );
  if (!tenant.log)
    throw new HttpError("no_log", `Site ${site} has no log: add log: { days: 30 } to it in tidemark.config.ts.`);
  return tenant;
};

/** The last moment whose date has four digits of a year, as the names of files have: in UTC milliseconds. */
const LATEST = Date.UTC(10_000, 0, 1) - 1;

/** A time in the query, in UTC milliseconds, between 1970 and {@link LATEST}. */
export const timeIn = (c: RouteContext, name: string, byDefault: number): number => {
  const text = c.req.query(name);
  const time = text === undefined ? byDefault : Date.parse(text);
  if (Number.isNaN(time))
    throw new HttpError(
      "invalid_query",
      `${name}: expected a time such as 2026-11-29 or 2026-11-29T09:00:00Z; given ${JSON.stringify(abbreviated(`${text}`))}.`,
    );
  return Math.min(Math.max(time, 0), LATEST);
};

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

const noFile = (name: string): never => {
  throw new HttpError("not_found", `The log has no file ${JSON.stringify(abbreviated(name))}.`);
};

/** Name of a file with the records of a day. */
const DAY_FILE = /^kind=(\w+)\/site=([a-z0-9-]+)\/date=\d{4}-\d\d-\d\d\/hour=all\/compacted-[\w-]{1,64}\.parquet$/;

/** Reads the body of a request to replace files. @throws HttpError */
const readReplaced = (text: string, site: string): Replaced => {
  let body: Partial<Replaced>;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw invalidJson(error);
  }
  const { date, sources, files } = body ?? {};
  const isComplete = typeof date === "string" && Array.isArray(sources) && Array.isArray(files) && sources.length > 0;
  if (!isComplete || files.some((file) => DAY_FILE.exec(file?.name)?.[2] !== site))
    throw new HttpError(
      "invalid_query",
      "The body: expected the date, the names of sources, and files of the site, each with its fields.",
    );
  return { site, date, sources, files };
};

/** Whether records in a file may have been received in a period of time, both ends included. */
const isWithin =
  (from: number, to: number) =>
  (file: LogFile): boolean =>
    rangesOf(file).some(({ hour }) => {
      const start = Date.parse(file.date) + hour * HOUR_MS;
      return start <= to && start + HOUR_MS > from;
    });

/** The routes of the log: its files, the records that are in no file, and commands that write and merge files. */
export const logRoutes: RouteGroup<
  | "GET /v1/log/files"
  | "GET /v1/log/files/:name{.+}"
  | "GET /v1/log/tail"
  | "POST /v1/log/compact"
  | "PUT /v1/log/compacted/:name{.+}"
  | "POST /v1/log/replace"
  | "POST /v1/log/cut"
> = ({ tenants }) => ({
  async "GET /v1/log/files"(c) {
    const { site } = tenantOfLog(c, tenants);
    const [from, to] = [timeIn(c, "from", 0), timeIn(c, "to", LATEST)];
    const files = await listFiles(bucketOf(c.env), site.id, dateOf(from), dateOf(to));
    c.header("cache-control", "no-store");
    return c.json({ files: files.filter(isWithin(from, to)) });
  },

  async "GET /v1/log/files/:name{.+}"(c) {
    const bucket = bucketOf(c.env);
    const name = c.req.param("name");
    const size = (await sizeOfFile(bucket, name)) ?? noFile(name);
    const range = byteRangeIn(c.req.header("range"), size);
    if (range === "unsatisfiable") {
      c.header("content-range", `bytes */${size}`);
      throw new HttpError(
        "range_not_satisfiable",
        `Range: expected a part of ${size} bytes, such as bytes=0-${size - 1}; given ${abbreviated(`${c.req.header("range")}`)}.`,
      );
    }
    const { body, httpEtag } = (await getFile(bucket, name, range)) ?? noFile(name);
    return c.body(body, range ? 206 : 200, {
      ...{ "accept-ranges": "bytes", etag: httpEtag, "content-type": "application/vnd.apache.parquet" },
      "cache-control": "private, max-age=31536000, immutable",
      "content-length": `${range?.length ?? size}`,
      ...(range && { "content-range": `bytes ${range.offset}-${range.offset + range.length - 1}/${size}` }),
    });
  },

  async "GET /v1/log/tail"(c) {
    const tenant = tenantOfLog(c, tenants);
    const headers = { "cache-control": "no-store", "content-type": "application/x-ndjson; charset=utf-8" };
    return c.body(await readTail(c.env, tenant, await partitionsOf(c.env, tenant)), 200, headers);
  },

  async "POST /v1/log/compact"(c) {
    const { site, jurisdiction } = tenantOfLog(c, tenants);
    const bucket = bucketOf(c.env);
    const keeper = logKeeperOf(c.env, site.id, jurisdiction);
    let total = 0;
    for (const [date, manifests] of await manifestsOf(bucket, site.id)) {
      const { files } = await readDay(bucket, site.id, date, manifests);
      for (const hour of hoursToCompact(files))
        for (let replaced = 1; replaced > 0; total += replaced)
          replaced = await keeper.compact({ site: site.id, date, hour });
    }
    return c.json({ replaced: total });
  },

  async "PUT /v1/log/compacted/:name{.+}"(c) {
    const name = c.req.param("name");
    const [, kind, site] = DAY_FILE.exec(name) ?? [];
    if (!(recordKinds as readonly unknown[]).includes(kind) || !tenants.get(site ?? "")?.log)
      throw new HttpError(
        "invalid_query",
        `name: expected kind=<kind>/site=<site>/date=<date>/hour=all/compacted-<id>.parquet; given ${JSON.stringify(abbreviated(name))}.`,
      );
    const isStored = await putFile(bucketOf(c.env), name, c.req.raw.body);
    return c.json({ stored: isStored });
  },

  async "POST /v1/log/replace"(c) {
    const { site, jurisdiction } = tenantOfLog(c, tenants);
    const replaced = readReplaced(await c.req.text(), site.id);
    const reason = await logKeeperOf(c.env, site.id, jurisdiction).replace(replaced);
    return c.json({ replaced: reason === undefined, ...(reason !== undefined && { reason }) });
  },

  async "POST /v1/log/cut"(c) {
    const tenant = tenantOfLog(c, tenants);
    const { id } = tenant.site;
    const partitions = await partitionsOf(c.env, tenant);
    const files = await Promise.all(partitions.map((each) => logWriterOf(c.env, tenant, each).write(id, each)));
    return c.json({ files: files.flat() });
  },
});
