import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, resolve, sep } from "node:path";
import sirv from "sirv";
import { listenAddress } from "./addresses.ts";

/** The placeholder for the collector's origin in pages, which the server replaces by the real origin. */
const COLLECTOR_PLACEHOLDER = "http://localhost:8787";

/** A running site. */
export interface Site {
  origin: string;
  stop(): Promise<void>;
}

/** Options of {@link serveSite}. */
export interface SiteOptions {
  port: number;
  /** Origin of the collector. */
  collector: string;
  /**
   * Whether the site listens on all network interfaces. Its pages then use the collector at the host of the browser's
   * request. Default: false.
   */
  isPublic?: boolean | undefined;
}

/** Returns the path of a requested HTML page, or `undefined` for any other file and for paths outside of the folder. */
const pagePath = (folder: string, pathname: string): string | undefined => {
  const path = resolve(join(folder, decodeURIComponent(pathname.endsWith("/") ? `${pathname}index.html` : pathname)));
  return path.endsWith(".html") && path.startsWith(resolve(folder) + sep) ? path : undefined;
};

/** Serves a folder. In HTML pages, it replaces `http://localhost:8787` by the collector's real origin. */
export const serveSite = async (folder: string, { port, collector, isPublic = false }: SiteOptions): Promise<Site> => {
  const collectorFor = (host: string | undefined): string => {
    if (!isPublic || !host) return collector;
    const { protocol, port } = new URL(collector);
    return `${protocol}//${new URL(`http://${host}`).hostname}:${port}`;
  };
  const files = sirv(folder, { dev: true, etag: true });
  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url ?? "/", "http://site");
      const page = pagePath(folder, pathname);
      const html = page && (await readFile(page, "utf8").catch(() => undefined));
      if (html) {
        response.setHeader("content-type", "text/html; charset=utf-8");
        response.end(html.replaceAll(COLLECTOR_PLACEHOLDER, collectorFor(request.headers.host)));
      } else {
        files(request, response, () => {
          response.writeHead(404).end("not found");
        });
      }
    } catch {
      // The path or the host is invalid in a URL.
      response.writeHead(400).end("bad request");
    }
  });
  server.listen(port, listenAddress(isPublic));
  await once(server, "listening");
  return {
    origin: `http://localhost:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
