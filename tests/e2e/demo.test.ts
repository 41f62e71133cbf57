import { execFile } from "node:child_process";
import { once } from "node:events";
import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { startChromium } from "@tidemark/cli/chromium";
import type { Tracker } from "@tidemark/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import { type CheckoutCopy, copyCheckout } from "./checkout-copy.ts";
import { type StartedProgram, start } from "./start.ts";

/** The global scope of a page of the example. */
interface Window {
  tidemark: Tracker;
  isSecureContext: boolean;
}

/** The demos run in a copy, because a demo of this checkout may run during the tests, and it may have a .dev.vars. */
let copy: CheckoutCopy;
beforeAll(async () => {
  copy = await copyCheckout();
});
afterAll(() => copy?.remove());

const demos: StartedProgram[] = [];
afterEach(async () => {
  for (const demo of demos.splice(0)) await demo.stop();
});

const startDemo = async (...args: string[]) => {
  const demo = await start(["scripts/demo.ts", ...args], copy.folder);
  demos.push(demo);
  return demo;
};

const statusOf = (url: string) =>
  fetch(url).then(
    (response) => response.status,
    () => "no connection",
  );

const link = (output: string, title: string) =>
  new RegExp(`${title} +(http://localhost:\\d+\\S*)`).exec(output)?.[1] ?? "";

const collectorOf = ({ output }: StartedProgram) => new URL(link(output, "Collector")).origin;

/** Returns the read key and the operator's key in a demo's output. */
const keysOf = ({ output }: StartedProgram) => [...output.matchAll(/Bearer (\w+)/g)].map(([, key]) => key);

describe("pnpm demo", () => {
  /** Expects links that work, until a signal stops all servers. */
  const expectLinksUntil = async ({ child, output }: StartedProgram, signal: "SIGINT" | "SIGTERM") => {
    const [site, collector] = [link(output, "Example site"), link(output, "Collector")];
    const scriptTag = `${new URL(collector).origin}/tidemark.js`;
    expect([await statusOf(site), await statusOf(collector), await statusOf(scriptTag)]).toEqual([200, 200, 200]);
    expect(await (await fetch(site)).text()).toContain(`src="${scriptTag}"`);
    const exit = once(child, "exit");
    child.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect([await statusOf(site), await statusOf(collector)]).toEqual(["no connection", "no connection"]);
  };

  it("prints working links and a command that queries its log, and stops all servers on SIGINT", async () => {
    const demo = await startDemo();
    const [, sql = ""] = /tidemark log query "(.+)"$/m.exec(demo.output) ?? [];
    const args = ["packages/cli/src/main.ts", "log", "query", sql];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: copy.folder });
    expect(stdout).toMatch(/^type +events\n/);
    await expectLinksUntil(demo, "SIGINT");
  });

  it("names a port that is in use, uses another one, and stops all servers on SIGTERM", async () => {
    const occupant = createServer()
      .listen(8787, "127.0.0.1")
      .on("error", () => {});
    try {
      const demo = await startDemo();
      expect(demo.output).toContain(`Port 8787 is in use. The collector runs at ${collectorOf(demo)} instead.`);
      await expectLinksUntil(demo, "SIGTERM");
    } finally {
      occupant.close();
    }
  });

  it("uses the same keys and stored data at each start, except for keys that .dev.vars sets and data in use", async () => {
    const first = await startDemo();
    const [readKey, adminKey] = keysOf(first);
    expect(readKey).toMatch(/^\w{16,}$/);
    expect(first.output).not.toContain("uses the stored data");

    // While a demo of the same checkout uses the stored data, another one does not.
    writeFileSync(join(copy.folder, ".dev.vars"), "TIDEMARK_READ_KEY=chosen_by_hand\n");
    const second = await startDemo();
    expect(second.output).toContain(`Process ${first.child.pid} uses the stored data.`);
    expect(keysOf(second)).toEqual(["chosen_by_hand", adminKey]);
    const readWith = (key: string) =>
      fetch(`${collectorOf(second)}/v1/features/session/demo.unknown-session`, {
        headers: { authorization: `Bearer ${key}` },
      });
    expect((await readWith("chosen_by_hand")).status).toBe(404);
    expect((await readWith(`${readKey}`)).status).toBe(401);

    await second.stop();
    const [entry = ""] = readdirSync(join(copy.folder, ".wrangler/state/in-use-by"));
    await first.stop();
    // The entry of a killed process remains, and its data is used.
    writeFileSync(join(copy.folder, ".wrangler/state/in-use-by", entry), "");
    rmSync(join(copy.folder, ".dev.vars"));
    const third = await startDemo();
    expect(third.output).not.toContain("uses the stored data");
    expect(keysOf(third)).toEqual([readKey, adminKey]);
  });

  it("works with --host at a network address, where pages are an insecure context", async () => {
    const demo = await startDemo("--host");
    // Without a network, the demo prints no such address; 0.0.0.0 then reaches servers on this machine.
    const [, site = link(demo.output, "Example site").replace("localhost", "0.0.0.0")] =
      /(http:\/\/\d+\.\d+\.\d+\.\d+:\d+)\n/.exec(demo.output) ?? [];
    const chromium = await startChromium();
    try {
      const page = await chromium.context.newPage();
      await page.goto(`${site}/article.html`);
      await page.waitForFunction(() => "flush" in Object((globalThis as unknown as Window).tidemark));
      const [session, isSecure] = await page.evaluate(async () => {
        const { tidemark, isSecureContext } = globalThis as unknown as Window;
        tidemark.track("from_a_phone");
        await tidemark.flush();
        return [tidemark.sessionId, isSecureContext] as const;
      });
      expect(isSecure).toBe(false);
      const { features } = await readVector(
        { collector: { origin: collectorOf(demo) }, readKey: `${keysOf(demo)[0]}` },
        session,
      );
      expect(features).toMatchObject({ page_view_count: 1, custom_event_count: 1 });
    } finally {
      await chromium.stop();
    }
  });

  it("reloads when the configuration, the SDK or the collector changes, even after an invalid configuration", async () => {
    const collector = collectorOf(await startDemo());
    const json = (path: string): Promise<Record<string, string>> =>
      fetch(`${collector}${path}`).then(
        (response) => response.json() as Promise<Record<string, string>>,
        () => ({}),
      );
    const change = (pattern: string, by: (text: string) => string) => {
      const [path = ""] = globSync(pattern, { cwd: copy.folder });
      const text = readFileSync(join(copy.folder, path), "utf8");
      expect(by(text)).not.toBe(text);
      writeFileSync(join(copy.folder, path), by(text));
    };
    const options = { timeout: 30_000 };

    const { definition_version: before } = await json("/healthz");
    expect(before).toMatch(/^\w{12}$/);
    change("tidemark.config.ts", (text) => text.replace("defaultFeatures,\n", "defaultFeatures.slice(0, -1),\n"));
    const another = new RegExp(`^(?!${before})\\w{12}$`);
    await expect.poll(async () => (await json("/healthz")).definition_version, options).toMatch(another);

    change("tidemark.config.ts", (text) => text.replace("defaultFeatures.slice(0, -1)", "[{} as never]"));
    await expect.poll(() => statusOf(`${collector}/healthz`), options).toBe("no connection");
    change("tidemark.config.ts", (text) => text.replace("[{} as never]", "defaultFeatures"));
    await expect.poll(async () => (await json("/healthz")).definition_version, options).toBe(before);

    change("packages/sdk/src/script-tag.ts", (text) => `${text}\nconsole.debug("the changed tag");\n`);
    const tag = async () => (await fetch(`${collector}/tidemark.js`)).text().catch(String);
    await expect.poll(tag, options).toContain("the changed tag");

    change("packages/collector/src/**/health.ts", (text) => text.replace('status: "ok"', 'status: "changed"'));
    await expect.poll(async () => (await json("/healthz")).status, options).toBe("changed");
  });
});
