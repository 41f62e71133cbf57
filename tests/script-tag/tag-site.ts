import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { Batch, BatchResponse, Event } from "@tidemark/schema";
import { bundleScriptTag, integrityOf, STUB } from "../../scripts/bundle/script-tag.ts";

/** The content of a test page. */
export interface Page {
  head?: string;
  body?: string;
  /** The Content-Security-Policy. Default: none. */
  policy?: string;
}

/** A site with test pages, and a collector on another origin that serves the script tag and accepts every event. */
export interface TagSite {
  /** The collector's origin. */
  collector: string;
  /** The file name of the tag with its version: the content of this file never changes. */
  immutable: string;
  /** The integrity of the tag. */
  integrity: string;
  /** The code of the stub. */
  stub: string;
  /** The hash of the stub for a Content-Security-Policy. */
  stubHash: string;
  /** Creates a page and returns its URL. Its first script is `page-recorder.js`, with the nonce `n`. */
  page(page: Page): string;
  /** The events of the latest page that were sent with this key, without duplicates. */
  events(key: string): Event[];
  /** The signals that the latest page view states, as sent with this key. */
  signals(key: string): string | undefined;
  /** The paths of the scripts requested from the collector by the latest page. */
  scripts(): string[];
  /** Returns further fields of the responses to batches. Default: none. */
  respond: (batch: Batch) => Partial<BatchResponse>;
  /** Replaces the files whose path matches by this code; without code they are missing. */
  replace(file: RegExp, code?: string): void;
  stop(): Promise<void>;
}

const PAGE_RECORDER = readFileSync(new URL("page-recorder.js", import.meta.url), "utf8");

/** The first byte of a compressed body. */
const GZIP = 0x1f;

/** The script tag, bundled once for all suites of a file. */
let bundled: ReturnType<typeof bundleScriptTag> | undefined;

/** Starts the site and the collector: one server with two host names. */
export const startTagSite = async (): Promise<TagSite> => {
  bundled ??= bundleScriptTag();
  const { tag, files } = await bundled;
  const codeOf = (path: string) =>
    path === "page-recorder.js" ? PAGE_RECORDER : files[path === "tidemark.js" ? tag : path];
  const stub = files[STUB] ?? "";
  const pages: { html: string; policy: string | undefined }[] = [];
  let sent: Batch[] = [];
  let scripts: string[] = [];
  let replaced: [file: RegExp, code?: string] | undefined;

  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://site").pathname);
    response.setHeader("access-control-allow-origin", "*");
    const respond = (type: string, body: string) => response.setHeader("content-type", type).end(body);
    if (path.startsWith("/v1/features/")) {
      respond("application/json", JSON.stringify({ features: { click_count: 7 } }));
    } else if (request.method === "POST") {
      const bytes = await buffer(request).catch(() => undefined);
      // The page was closed during its last request.
      if (!bytes) return;
      const batch = JSON.parse(`${bytes[0] === GZIP ? gunzipSync(bytes) : bytes}`);
      sent.push(batch);
      const batchResponse: BatchResponse = { accepted: batch.events?.length ?? 0, duplicates: 0, rejected: [] };
      respond("application/json", JSON.stringify({ ...batchResponse, ...site.respond(batch) }));
    } else if (path.endsWith(".js")) {
      scripts.push(path);
      const code = replaced?.[0].test(path) ? replaced[1] : codeOf(path.slice(1));
      if (code === undefined) response.writeHead(404).end();
      else respond("text/javascript", code);
    } else {
      const page = pages[Number(path.slice(1))];
      if (page?.policy) response.setHeader("content-security-policy", page.policy);
      respond("text/html; charset=utf-8", page?.html ?? "");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const site: TagSite = {
    collector: `http://localhost:${port}`,
    immutable: tag,
    integrity: integrityOf(files[tag] ?? ""),
    stub,
    stubHash: integrityOf(stub, "sha256"),
    page({ head = "", body = "", policy }) {
      sent = [];
      scripts = [];
      replaced = undefined;
      site.respond = () => ({});
      const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title><link rel="icon" href="data:,">
        <script src="/page-recorder.js" nonce="n"></script>${head}</head>
        <body><p><button id="button" type="button">Button</button></p>${body}</body></html>`;
      pages.push({ html, policy });
      return `http://127.0.0.1:${port}/${pages.length - 1}`;
    },
    events(key) {
      const events = new Map<string, Event>();
      for (const batch of sent.filter((each) => each.key === key)) {
        // Batches may arrive twice, and this page also sends the batches that an earlier page has left.
        const views = batch.views.filter(({ url }) => new URL(url).pathname === `/${pages.length - 1}`);
        for (const event of batch.events as Event[])
          if (views.some(({ view_id }) => view_id === event.view_id)) events.set(`${batch.tab_id} ${event.seq}`, event);
      }
      return [...events.values()];
    },
    signals: (key) => sent.findLast((each) => each.key === key)?.views.at(-1)?.signals,
    scripts: () => scripts.filter((path) => path.includes("tidemark")),
    respond: () => ({}),
    replace(file, code) {
      replaced = code === undefined ? [file] : [file, code];
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return site;
};
