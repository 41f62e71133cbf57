import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { fileURLToPath } from "node:url";
import { type Site, serveUntilInterrupted, startLocalStack } from "@tidemark/cli/local-stack";
import { createServer } from "vite";

const root = import.meta.dirname;

/** Serves the shop with Vite's development server, which applies each change immediately. */
const serveShop = async (port: number, collector: string): Promise<Site> => {
  process.env.VITE_TIDEMARK_ENDPOINT = collector;
  const server = createHttpServer();
  // Vite's own server would end the process, and leave the collector running.
  const vite = await createServer({ root, server: { middlewareMode: true, hmr: { server } } });
  server.on("request", vite.middlewares).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://localhost:${port}`,
    async stop() {
      await vite.close();
      server.closeAllConnections();
      server.close();
    },
  };
};

/** `pnpm start`: runs the shop, and a collector on the real Workers runtime. */
await serveUntilInterrupted(
  () =>
    startLocalStack({
      deployment: fileURLToPath(new URL("../..", import.meta.url)),
      site: serveShop,
      ports: { collector: 8787, site: 5173 },
      state: `${root}/.wrangler/state`,
    }),
  ({ site, collector }) =>
    console.log(`
Three Shelves is open.

  Shop        ${site.origin}
  Collector   ${collector.origin}

Open the shop, look at two books of one shelf, and read for a while. Ctrl-C stops everything.`),
);
