import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { BatchResponse, Event } from "@tidemark/schema";
import { page } from "./page.ts";

/** The name of the page without a script. */
export const BARE = "bare";

/** A site with one page in variants that differ in the script only, and with a collector. */
export interface Site {
  /** `${origin}/${name}` is the page with the script of that name; {@link BARE} has none. */
  origin: string;
  /** Returns the number of events of each type that arrived since the last call. */
  takeCounts(): Map<string, number>;
  stop(): Promise<void>;
}

/** Names of Snowplow's events of clicks: of a link or a button in an envelope, and of the page's own listener. */
const SNOWPLOW_CLICK = /link_click|button_click|"se_ca":"click"/;

/** The types of the events in a body: of the SDK, of a list of events, or of a peer. */
const typesOf = (body: {
  events?: Pick<Event, "type">[];
  /** Plausible's name of an event. */
  n?: string;
  /** Snowplow's events. */
  data?: unknown[];
}): string[] => {
  if (body.n) return [body.n];
  if (body.data) return body.data.map((each) => (SNOWPLOW_CLICK.test(JSON.stringify(each)) ? "click" : "other"));
  const events = body.events ?? (body as Pick<Event, "type">[]);
  return events.map(({ type }) => type);
};

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Starts the site on a free port. The browser caches nothing, so that each run compiles the script like a first visit.
 *
 * @param scripts Code by name.
 */
export const startSite = async (scripts: Record<string, string>): Promise<Site> => {
  let counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const respond = (type: string, body: string) =>
      response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
    const [, name = "", extension] = /^\/([\w-]*)(\.js)?$/.exec(request.url ?? "") ?? [];
    if (request.method === "POST") {
      const bytes = await buffer(request);
      const body = JSON.parse(`${isGzip(bytes) ? gunzipSync(bytes) : bytes}`);
      const types = typesOf(body);
      for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
      const batchResponse: BatchResponse = { accepted: types.length, duplicates: 0, rejected: [] };
      respond("application/json", JSON.stringify(batchResponse));
    } else if (extension) {
      respond("text/javascript", scripts[name] ?? "");
    } else {
      const script = `<script async src="/${name}.js" data-key="tm_bench_0123456789abcdef"></script>`;
      respond("text/html; charset=utf-8", page(scripts[name] ? script : ""));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    takeCounts() {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
