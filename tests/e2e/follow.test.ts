import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalStack, serveSite, startLocalStack } from "@tidemark/cli/local-stack";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, browserNames, startBrowser, type Tab } from "../browsers/browser.ts";

const SDK = fileURLToPath(new URL("../../packages/sdk/src/index.ts", import.meta.url));

let folder: string;
let stack: LocalStack;

/** A page that follows its count of custom events, and records each count and each connection. */
const html = (collector: string) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Follow</title><link rel="icon" href="data:," /></head>
  <body>
    <p>The tide</p>
    <script>
      window.connections = [];
      window.problems = [];
      addEventListener("error", ({ message }) => problems.push(message));
      addEventListener("unhandledrejection", ({ reason }) => problems.push(String(reason)));
      window.WebSocket = class extends WebSocket {
        constructor(url) {
          super(url);
          const connection = { url, closedWhile: null };
          connections.push(connection);
          const close = this.close;
          this.close = () => {
            connection.closedWhile = document.visibilityState;
            close.call(this);
          };
        }
      };
    </script>
    <script src="/sdk.js"></script>
    <script>
      window.counts = [];
      window.tracker = sdk.createTracker({
        key: "tm_demo_3f9c1e7ab2d84056",
        endpoint: "${collector}",
        follow: sdk.overWebSocket,
      });
      tracker.track("opened");
      window.stop = tracker.follow((features) => counts.push(features.custom_event_count), {
        features: ["custom_event_count"],
      });
    </script>
  </body>
</html>`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-follow-"));
  await build({ entryPoints: [SDK], bundle: true, format: "iife", globalName: "sdk", outfile: join(folder, "sdk.js") });
  stack = await startLocalStack({
    site(port, collector) {
      writeFileSync(join(folder, "index.html"), html(collector));
      return serveSite(folder, { port, collector });
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Connection {
  url: string;
  closedWhile: "visible" | "hidden" | null;
}

describe.each(browserNames)("a page in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser(name);
  });
  afterAll(() => browser?.stop());

  const latest = (tab: Tab) => tab.run<number | undefined>("return counts.at(-1)");
  const connections = (tab: Tab) => tab.run<Connection[]>("return connections");

  it("follows its session while it is visible, and goes on when it is shown again", async () => {
    const tab = await browser.newTab();
    await tab.goto(`${stack.site.origin}/`);
    await expect.poll(() => latest(tab)).toBe(1);
    await tab.run(`tracker.track("second"); await tracker.flush()`);
    await expect.poll(() => latest(tab)).toBe(2);
    const before = (await connections(tab)).length;
    for (const { url } of await connections(tab))
      expect(url).toMatch(/\/v1\/follow\/demo\.[^?]+\?key=tm_demo_\w+&features=/);

    const other = await browser.newTab();
    await other.close();
    await tab.front();
    await expect.poll(async () => (await connections(tab)).length).toBeGreaterThan(before);
    expect((await connections(tab))[before - 1]?.closedWhile).toBe("hidden");
    await tab.run(`tracker.track("third"); await tracker.flush()`);
    await expect.poll(() => latest(tab)).toBe(3);

    await tab.run(`stop(); tracker.track("fourth"); await tracker.flush()`);
    expect(await tab.run("return [counts.at(-1), problems]")).toEqual([3, []]);
    await tab.close();
  });
});
