import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { BatchResponse, Event } from "@tidemark/schema";
import { page } from "./page.ts";

/** The name of the page without a script. */
export const BARE = "bare";

/** A site whose pages are the same but for their script, and its collector. */
export interface Site {
  /** `${origin}/${name}` is the page with the script of that name; {@link BARE} has none. */
  origin: string;
  /** How many events of each type the collector was told of since it was last asked. */
  takeCounts(): Map<string, number>;
  stop(): Promise<void>;
}

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Starts the site on a free port. Nothing of it is cached, so that each visit compiles its script as a first visit does.
 *
 * @param scripts Code by name.
 */
export const startSite = async (scripts: Record<string, string>): Promise<Site> => {
  let counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const answer = (type: string, body: string) =>
      response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
    const [, name = "", extension] = /^\/([\w-]*)(\.js)?$/.exec(request.url ?? "") ?? [];
    if (request.method === "POST") {
      const bytes = await buffer(request);
      const body = JSON.parse(`${isGzip(bytes) ? gunzipSync(bytes) : bytes}`);
      const events: Pick<Event, "type">[] = body.events ?? body;
      for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
      const batchResponse: BatchResponse = { accepted: events.length, duplicates: 0, rejected: [] };
      answer("application/json", JSON.stringify(batchResponse));
    } else if (extension) {
      answer("text/javascript", scripts[name] ?? "");
    } else {
      const script = `<script async src="/${name}.js" data-key="tm_bench_0123456789abcdef"></script>`;
      answer("text/html; charset=utf-8", page(scripts[name] ? script : ""));
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
