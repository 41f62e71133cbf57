import { temporaryFolder } from "./temporary-folder.ts";

/**
 * Creates the folder of a deployment whose wrangler is this program. In it, `listen()` starts a server on the wanted
 * `port`.
 */
export const folderWithWrangler = (program: string): string =>
  temporaryFolder({
    "node_modules/wrangler/package.json": JSON.stringify({ bin: { wrangler: "program.mjs" }, main: "program.mjs" }),
    "node_modules/wrangler/program.mjs": `
      import { createServer } from "node:http";
      import { existsSync, writeFileSync } from "node:fs";
      const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
      const listen = () => createServer((_, response) => response.end("fake")).listen(port, "127.0.0.1", () =>
        process.send(JSON.stringify({ event: "DEV_SERVER_READY", ip: "127.0.0.1", port })));
      ${program}`,
  });
