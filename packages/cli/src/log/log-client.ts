import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Push, RebuildStart, Sender } from "@tidemark/collector/rebuild";
import type { CompactedFile, LogFile } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import type { CollectorAddress } from "./collector-address.ts";
import { errorOf, noCollector, noResponse, reasonOf } from "./collector-errors.ts";
import type { TimeRange } from "./time-range.ts";

/** A file is not in the bucket any more: it has expired, or another file has replaced it. A new list has no such file. */
export class MissingFileError extends CommandError {}

/** The log of one site, read over HTTP. Each method throws a CommandError that says what to do. */
export interface LogClient {
  /** Lists the files with records that the collector received in a period. */
  files(received: TimeRange): Promise<LogFile[]>;
  /** Reads a file. */
  file(file: LogFile): Promise<Readable>;
  /** Stores a compacted file, which is not listed yet. */
  store(name: string, body: Readable, bytes: number): Promise<void>;
  /** Lists stored files in place of others. Returns the reason, if the collector does not. */
  replace(replaced: {
    date: string;
    sources: readonly string[];
    files: readonly Omit<CompactedFile, "ranges">[];
  }): Promise<string | undefined>;
  /** Lets the collector delete the rows of entities, which {@link LogClient.sendStates} replaces. */
  beginRebuild(shard: string | undefined): Promise<RebuildStart>;
  /** Sends rebuilt states to one object. It repeats a request that fails: the collector merges a number once. */
  sendStates(states: { shard: number | null; sender: Sender; pushes: readonly Push[] }): Promise<void>;
  /** Notes that the site was exported for Feast. @param maxAgeMs Age up to which the export is fresh. */
  noteExport(maxAgeMs: number): Promise<void>;
  /** Reads the records that are not in a file yet: one JSON object a line. */
  tail(): Promise<Readable>;
}

/** Number of times that rebuilt states are sent until a failure is an error. */
const ATTEMPTS = 5;

const OLD_COLLECTOR = "If the collector has an earlier version or configuration, deploy it again.";

const failure = async (response: Response, url: string): Promise<CommandError> => {
  const { status } = response;
  const { code, message } = await errorOf(response);
  if (status === 401)
    return new CommandError(
      `The collector at ${url} rejected the operator's key. Set TIDEMARK_ADMIN_KEY to the value of the secret that adminKeySecret names in its tidemark.config.ts.`,
    );
  if (code === "no_log") return new CommandError(message);
  if (code === "not_found") {
    const isFile = new URL(response.url).pathname.includes("/v1/log/files/");
    const text = `The collector at ${url} responded 404: ${message}`;
    if (!isFile) return new CommandError(`${text} ${OLD_COLLECTOR}`);
    return new MissingFileError(`${text} It has expired, or was removed from the bucket. Run the command again.`);
  }
  if (code === undefined) return noCollector(url, status, message);
  return new CommandError(`The collector at ${url} responded ${status} ${code}: ${message}`);
};

const pathOf = (name: string): string => name.split("/").map(encodeURIComponent).join("/");

/** Creates a client for the log of a site. */
export const logClient = ({ url, adminKey }: CollectorAddress, site: string): LogClient => {
  const get = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${adminKey}` };
    const response = await fetch(`${url}${path}`, { ...init, headers }).catch(noResponse(url));
    if (!response.ok) throw await failure(response, url);
    return response;
  };
  const body = async (path: string): Promise<Readable> => {
    const { body } = await get(path);
    const chunks = async function* () {
      try {
        yield* body ?? [];
      } catch (error) {
        throw new CommandError(`The connection to ${url} broke: ${reasonOf(error)}. Run the command again.`);
      }
    };
    return Readable.from(chunks());
  };
  return {
    async files({ from, to }) {
      const query = new URLSearchParams({ site });
      if (from !== undefined) query.set("from", new Date(from).toISOString());
      if (to !== undefined) query.set("to", new Date(to).toISOString());
      const { files } = (await (await get(`/v1/log/files?${query}`)).json()) as { files: LogFile[] };
      return files;
    },
    file: ({ name }) => body(`/v1/log/files/${pathOf(name)}`),
    async beginRebuild(shard) {
      const query = new URLSearchParams({ site, ...(shard !== undefined && { shard }) });
      return (await (await get(`/v1/rebuild/begin?${query}`, { method: "POST" })).json()) as RebuildStart;
    },
    async sendStates(states) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const init = { method: "POST", body: JSON.stringify(states) };
          await get(`/v1/rebuild/states?${new URLSearchParams({ site })}`, init);
          return;
        } catch (error) {
          if (attempt === ATTEMPTS) throw error;
          await sleep(attempt * 1_000);
        }
      }
    },
    async store(name, stream, bytes) {
      const init = { method: "PUT", body: Readable.toWeb(stream), duplex: "half" };
      const headers = { "content-length": `${bytes}` };
      await get(`/v1/log/compacted/${pathOf(name)}`, { ...init, headers } as RequestInit);
    },
    async replace(replaced) {
      const init = { method: "POST", body: JSON.stringify(replaced) };
      const response = await get(`/v1/log/replace?${new URLSearchParams({ site })}`, init);
      return ((await response.json()) as { reason?: string }).reason;
    },
    async noteExport(maxAgeMs) {
      const init = { method: "POST", body: JSON.stringify({ max_age_s: Math.ceil(maxAgeMs / 1_000) }) };
      await get(`/v1/feast/exports?${new URLSearchParams({ site })}`, init);
    },
    tail: () => body(`/v1/log/tail?${new URLSearchParams({ site })}`),
  };
};
