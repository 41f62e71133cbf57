import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Push, RebuildStart } from "@tidemark/collector/rebuild";
import { defaultFeatures, type Feature } from "@tidemark/schema";
import { type CompactedFile, compactedFileName, type LogFile, type LogRecord, rangesOf } from "@tidemark/schema/log";
import { onTestFinished } from "vitest";
import { encodeCut } from "../../../collector/src/log/cut.ts";
import { unitedRanges } from "../../../collector/src/log/manifest.ts";
import { mergeFiles } from "../../../collector/src/log/merge-files.ts";
import { ParquetSource } from "../../../collector/src/log/parquet-source.ts";
import type { TestRecord } from "./log-records.ts";

export const ADMIN_KEY = "the-operators-key";

/** A collector's routes of the log, as docs/http.md describes them, and nothing else. */
export interface LogServer {
  url: string;
  /** The requests so far, such as `GET /v1/log/tail?site=shop`. */
  requests: string[];
  /**
   * Writes the records of the tail into files; the records up to this position, or all of them. Vectors have columns for
   * these features, or else for the default ones.
   */
  cut(until?: number, features?: readonly Feature[]): Promise<void>;
  /** Merges the files of each hour and kind, and deletes those that they replace. */
  compact(): Promise<void>;
  /** The response to the begin of a rebuild. */
  rebuildStart?: RebuildStart;
  /** The rebuilt states that were received. */
  states: { shard: number | null; pushes: Push[] }[];
  /** The notes of exports for Feast. */
  exports: { max_age_s: number }[];
  /** Number of requests with rebuilt states that fail first. */
  failStates: number;
  /** Is called before files are replaced. */
  beforeReplace?: () => Promise<void>;
  /** Adds records to the tail. */
  append(records: readonly TestRecord[]): void;
  /** The list of files. */
  listed(): LogFile[];
  /** The bytes of the files, by name. */
  files(): Map<string, Uint8Array>;
  /** Starts anew with these records in the tail, and no files. */
  reset(records: readonly TestRecord[]): void;
  /** Whether the list has a file. Default: it has all. */
  isListed?: (file: LogFile) => boolean;
  /** A route whose connection breaks within the body. */
  breakWithin?: "file" | "tail";
  /** Whether each file is missing, although it is listed. */
  isMissing?: boolean;
  /** Whether each file ends after its first bytes. */
  cutOff?: boolean;
  /** Is called after each list of files. */
  afterList?: () => void;
  /** Is called after each response of the tail. */
  afterTail?: () => Promise<void>;
}

/** Sends the beginning of a body, and then closes the connection. */
const breakIn = (response: ServerResponse, beginning: Uint8Array): void => {
  response.writeHead(200, { "content-length": beginning.length + 1 });
  response.write(beginning, () => response.destroy());
};

/** Serves the log of site `shop` until the test has finished. The records are in the tail at first. */
export const serveLog = async (records: readonly TestRecord[] = []): Promise<LogServer> => {
  let tail = [...records];
  const files = new Map<string, { file: LogFile; bytes: Uint8Array }>();
  const requests: string[] = [];
  const error = (response: ServerResponse, status: number, code: string, message: string) =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ error: { code, message } }));

  /** Files that were stored and are not listed. */
  const uploads = new Map<string, Uint8Array>();

  /** Lists uploaded files in place of others. */
  const replace = (text: string): { replaced: boolean; reason?: string } => {
    const { sources, files: added } = JSON.parse(text) as { sources: string[]; files: CompactedFile[] };
    const own = sources.flatMap((name) => files.get(name)?.file ?? []);
    if (own.length < sources.length) return { replaced: false, reason: "some files are not listed any more" };
    const all = [...files.values()].map(({ file }) => file);
    const ranges = unitedRanges(
      own,
      all.filter(({ kind, date }) => kind === own[0]?.kind && date === own[0]?.date),
    );
    for (const name of sources) files.delete(name);
    for (const file of added) {
      const bytes = uploads.get(file.name) ?? new Uint8Array();
      files.set(file.name, { file: { ...file, bytes: bytes.length, ranges }, bytes });
    }
    return { replaced: true };
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "", "http://server");
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (request.headers.authorization === `Bearer ${ADMIN_KEY}` && request.method !== "GET") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      if (url.pathname === "/v1/rebuild/begin") return response.end(JSON.stringify(self.rebuildStart));
      if (url.pathname === "/v1/rebuild/states") {
        if (self.failStates-- > 0) return error(response, 503, "unavailable", "Send the request again.");
        self.states.push(JSON.parse(body.toString()));
        return response.end(JSON.stringify({ merged: 1 }));
      }
      if (url.pathname === "/v1/feast/exports") {
        self.exports.push(JSON.parse(body.toString()));
        return response.end(JSON.stringify({ site: url.searchParams.get("site") }));
      }
      const uploaded = decodeURIComponent(url.pathname).split("/v1/log/compacted/")[1];
      if (uploaded) uploads.set(uploaded, body);
      await self.beforeReplace?.();
      return response.end(JSON.stringify(uploaded ? { stored: true } : replace(body.toString())));
    }
    if (request.method !== "GET") return error(response, 405, "method_not_allowed", "Use GET.");
    if (request.headers.authorization !== `Bearer ${ADMIN_KEY}`)
      return error(response, 401, "unauthorized", "The admin key is wrong.");
    const name = decodeURIComponent(url.pathname.replace("/v1/log/files/", ""));
    const file = self.isMissing ? undefined : files.get(name);
    if (!file && name.startsWith("kind=")) return error(response, 404, "not_found", `The log has no file ${name}.`);
    if (file && self.breakWithin === "file") return breakIn(response, file.bytes.subarray(0, 100));
    if (file && self.cutOff) return response.writeHead(200).end(file.bytes.subarray(0, 100));
    if (file) return response.writeHead(200, { "content-length": file.bytes.length }).end(file.bytes);
    const known = { "/v1/log/files": ["site", "from", "to"], "/v1/log/tail": ["site"] }[url.pathname];
    if (!known) return error(response, 404, "not_found", `No route ${url.pathname}.`);
    const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
    if (unknown) return error(response, 400, "invalid_query", `Unknown parameter ${unknown}.`);
    if (url.searchParams.get("site") !== "shop")
      return error(response, 404, "no_log", "Site blog has no log: add log: { days: 30 } to it in tidemark.config.ts.");
    if (url.pathname.endsWith("tail")) {
      if (self.breakWithin === "tail") return breakIn(response, Buffer.from(JSON.stringify(tail[0]).slice(0, 50)));
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.end(tail.map((record) => `${JSON.stringify(record)}\n`).join(""));
      return self.afterTail?.();
    }
    const bound = (name: string, otherwise: number) => {
      const text = url.searchParams.get(name);
      return text === null ? otherwise : Date.parse(text);
    };
    const [from, to] = [bound("from", Number.NEGATIVE_INFINITY), bound("to", Number.POSITIVE_INFINITY)];
    const listed = [...files.values()].filter(({ file }) =>
      rangesOf(file).some(({ hour }) => {
        const begin = Date.parse(file.date) + hour * 3_600_000;
        return begin < to && begin + 3_600_000 > from;
      }),
    );
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ files: listed.map(({ file }) => file).filter((file) => self.isListed?.(file) ?? true) }),
    );
    return self.afterList?.();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());

  const self: LogServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    states: [],
    exports: [],
    failStates: 0,
    async cut(until = tail.length, features = defaultFeatures) {
      const records = tail.slice(0, until);
      for (const partition of new Set(records.map((record) => record.partition))) {
        const own = records.filter((record) => record.partition === partition);
        const offsets = own.map(({ offset }) => offset);
        const [first_offset, last_offset] = [Math.min(...offsets), Math.max(...offsets)];
        const cut = { site: "shop", partition, first_offset, last_offset, records: own as unknown as LogRecord[] };
        const encoded = await encodeCut(cut, { features, pause: async () => {} });
        for (const each of encoded.files) files.set(each.file.name, each);
      }
      tail = tail.slice(until);
    },
    async compact() {
      const all = [...files.values()].map(({ file }) => file);
      for (const folder of new Set(all.map(({ name }) => name.replace(/\/[^/]*$/, "")))) {
        const own = all.filter(({ name }) => name.startsWith(`${folder}/`));
        const [{ kind, site, date }] = own as [LogFile];
        const sources = own.map(({ name }) => new ParquetSource(new Uint8Array(files.get(name)?.bytes ?? [])));
        const { bytes, ...figures } = await mergeFiles(sources, kind, async () => {});
        const name = compactedFileName({ kind, site, date }, rangesOf(own[0] as LogFile)[0]?.hour, `${files.size}`);
        const ranges = unitedRanges(own, all);
        for (const file of own) files.delete(file.name);
        files.set(name, { file: { name, kind, site, date, bytes: bytes.length, ranges, ...figures }, bytes });
      }
    },
    append(more) {
      tail.push(...more);
    },
    listed: () => [...files.values()].map(({ file }) => file).sort((one, other) => (one.name < other.name ? -1 : 1)),
    files: () => new Map([...files].map(([name, { bytes }]) => [name, bytes])),
    reset(others) {
      tail = [...others];
      files.clear();
    },
  };
  return self;
};
