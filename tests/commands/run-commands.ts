import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { tidemark } from "../../packages/cli/src/tidemark.ts";

/*
 * Runs commands of `tidemark` one after the other in one process, in the current folder, with a collector that rejects each
 * request. Standard input is a JSON array of their arguments. The last line of standard output is a JSON array of their
 * exit codes and messages.
 */
const server = createServer((_, response) => {
  response.writeHead(404, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { code: "not_found", message: "The command has reached the collector." } }));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
process.env.TIDEMARK_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
process.env.TIDEMARK_ADMIN_KEY = "admin-key";
process.env.TIDEMARK_READ_KEY = "read-key";
process.stdout.setMaxListeners(0);

const results: { code: unknown; message: string }[] = [];
const { log } = console;
for (const argv of JSON.parse(await text(process.stdin)) as string[][]) {
  const messages: string[] = [];
  console.log = () => {};
  console.error = (...words: unknown[]) => messages.push(words.join(" "));
  process.exitCode = 0;
  await tidemark(argv);
  results.push({ code: process.exitCode, message: messages.join("\n") });
}
process.exitCode = 0;
log(`\n${JSON.stringify(results)}`);
server.close();
