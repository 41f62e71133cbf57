import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "vite";
import { interrupted } from "../../scripts/interrupted.ts";
import { startStack } from "../../scripts/stack.ts";

/** `pnpm start`: the collector on this machine, and the shop on Vite's development server, which shows each change at once. */
const stack = await startStack({
  ports: { collector: 8787, site: 5173 },
  state: ".wrangler/state",
  async serve(port, collector) {
    process.env.VITE_TIDEMARK_ENDPOINT = collector;
    const server = createHttpServer();
    // A server of its own would end the process, and leave the collector running.
    const vite = await createServer({
      root: import.meta.dirname,
      server: { middlewareMode: true, hmr: { server } },
    });
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
  },
});

console.log(`
Three Shelves is open.

  Shop        ${stack.site.origin}
  Collector   ${stack.collector.origin}

Open the shop, look at two books of one shelf, and read for a while. Ctrl-C stops everything.`);
await interrupted();
console.log("\nStopping…");
await stack.stop();
