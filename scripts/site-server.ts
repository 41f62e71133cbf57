import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sirv from "sirv";

/** The example site's folder. */
export const EXAMPLE = fileURLToPath(new URL("../examples/script-tag", import.meta.url));

/** Where the example's pages expect the collector. */
const WRITTEN_COLLECTOR = "http://localhost:8787";

/** A running site. */
export interface Site {
  origin: string;
  stop(): Promise<void>;
}

/** Serves a folder. Its pages are sent as they are, but for the collector's port when that had to be another. */
export const serveSite = async (folder: string, port: number, collector: string): Promise<Site> => {
  const files = sirv(folder, { dev: true, etag: true });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const page = pathname === "/" ? "index.html" : /^\/([\w-]+\.html)$/.exec(pathname)?.[1];
    const html = page && (await readFile(join(folder, page), "utf8").catch(() => undefined));
    if (html) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(html.replaceAll(WRITTEN_COLLECTOR, collector));
    } else {
      files(request, response, () => {
        response.writeHead(404).end("not found");
      });
    }
  });
  server.listen(port, "127.0.0.1");
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
