import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import getPort from "get-port";
import { expect, it, onTestFinished } from "vitest";
import { startCollectorProcess } from "../../src/local-stack/collector-process.ts";
import { startLocalCollector } from "../../src/local-stack/local-collector.ts";
import { folderWithWrangler } from "../fake-wrangler.ts";

const startIn = (folder: string, port: number) =>
  startCollectorProcess({ folder, port, ip: "127.0.0.1", state: join(folder, "state"), keys: {} });

const textAt = async (origin: string) => (await fetch(origin)).text();

it("does not mistake another program on the port for the collector", async () => {
  const other = createServer((_, response) => response.end("another program")).listen(0, "127.0.0.1");
  onTestFinished(() => {
    other.close();
  });
  await once(other, "listening");
  const folder = folderWithWrangler(`setTimeout(() => { console.error("no port"); process.exit(1); }, 500);`);
  await expect(startIn(folder, (other.address() as AddressInfo).port)).rejects.toThrow("no port");
});

it("uses a free port when another program occupies the wanted one during the start", async () => {
  const folder = folderWithWrangler(`
    if (existsSync("started-before")) listen();
    else {
      writeFileSync("started-before", "");
      console.error("Address already in use (127.0.0.1:" + port + ").");
      process.exit(1);
    }`);
  const wanted = await getPort();
  const config = { sites: [], adminKeySecret: "ADMIN_KEY", features: [] };
  const collector = await startLocalCollector({ folder, config, wranglerConfig: "" }, { port: wanted });
  onTestFinished(() => collector.stop());
  expect(collector.origin).not.toBe(`http://localhost:${wanted}`);
  expect(await textAt(collector.origin)).toBe("fake");
});

it("quotes the beginning and the end of wrangler's output when wrangler exits after a long output", async () => {
  const folder = folderWithWrangler(`console.error("the cause", "x".repeat(20_000), "the end"); process.exitCode = 1;`);
  const failure = await startIn(folder, await getPort()).catch((error: Error) => error.message);
  expect(failure).toMatch(
    /^The collector did not start on port \d+\. Wrangler's output:\nthe cause x+\n…\nx+ the end$/m,
  );
});

it("fails within seconds when wrangler reports an error, does not exit and does not respond", {
  timeout: 20_000,
}, async () => {
  const folder = folderWithWrangler(`
    console.error("✘ [ERROR] the cause");
    createServer(() => {}).listen(port, "127.0.0.1", () => process.send('{"event":"DEV_SERVER_READY"}'));`);
  await expect(startIn(folder, await getPort())).rejects.toThrow("the cause");
});
