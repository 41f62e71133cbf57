import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import { type LocalStack, type Site, startLocalStack } from "@tidemark/cli/local-stack";
import type { Page } from "playwright-core";
import sirv from "sirv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLE = join(ROOT, "examples/react");

/** What a browser may do in the shop: nothing beside its own files and the collector. */
const policy = (collector: string) => `default-src 'self'; connect-src ${collector}`;

/** Builds the shop for production and serves it under the strict policy, every path that is no file as the app's. */
const serveBuilt = async (port: number, collector: string): Promise<Site> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-shop-"));
  await promisify(execFile)(join(EXAMPLE, "node_modules/.bin/vite"), ["build", "--outDir", folder, "--emptyOutDir"], {
    cwd: EXAMPLE,
    env: { ...process.env, VITE_TIDEMARK_ENDPOINT: collector },
  });
  const files = sirv(folder, {
    single: true,
    setHeaders: (response) => response.setHeader("content-security-policy", policy(collector)),
  });
  const server = createServer((request, response) =>
    files(request, response, () => {
      response.writeHead(404).end("not found");
    }),
  ).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://localhost:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
};

describe("the React example, built for production, under a strict content security policy", () => {
  let stack: LocalStack;
  let chromium: HeadlessChromium;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    stack = await startLocalStack({ site: serveBuilt });
    chromium = await startChromium();
    page = await chromium.context.newPage();
    await page.bringToFront();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) complaints.push(message.text());
    });
  });
  afterAll(async () => {
    await chromium?.stop();
    await stack?.stop();
  });

  /** Moves the pointer about as a reader does, until the page knows of so many engaged seconds. */
  const readFor = async (seconds: number) => {
    let step = 0;
    await expect
      .poll(
        async () => {
          step += 1;
          await page.mouse.move(400 + (step % 50), 600);
          return Number.parseInt((await page.textContent("#engaged")) ?? "", 10);
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBeGreaterThanOrEqual(seconds);
  };
  const leads = () => page.textContent("#for-you h2");

  it("leads with a welcome, and with more of the shelf that the visitor reads once it knows", async () => {
    await page.goto(stack.site.origin);
    expect(await leads()).toBe("Come in and look around");
    await expect.poll(() => page.textContent("#page-views"), { timeout: 10_000 }).toBe("1");

    await page.click("[data-tm=open-hut-book]");
    await expect.poll(() => page.textContent("#page-views"), { timeout: 10_000 }).toBe("2");
    await readFor(6);
    expect(await leads()).toBe("Come in and look around");

    await page.click(".brand");
    await page.click("[data-tm=open-north-side]");
    await expect.poll(leads, { timeout: 10_000 }).toBe("You seem to like the mountain shelf");
    expect(await page.locator("#for-you a").allTextContents()).toEqual(["On Walking UphillMara Lindqvist"]);
  });

  it("shows what the visitor does while they are there", async () => {
    expect(await page.textContent("#put-aside")).toBe("0");
    await page.click("text=Put aside for me");
    await expect.poll(() => page.textContent("#put-aside"), { timeout: 10_000 }).toBe("1");
    await expect.poll(() => page.textContent("#clicks"), { timeout: 10_000 }).toBe("4");
    await readFor(8);
    expect(Number.parseInt((await page.textContent("#looked")) ?? "", 10)).toBeGreaterThanOrEqual(5);
  });

  it("knows the visitor again after a reload, and follows to another shelf", async () => {
    await page.reload();
    await expect.poll(leads, { timeout: 10_000 }).toBe("You seem to like the mountain shelf");
    for (const book of ["salt", "bread-twice", "second-helping"]) {
      await page.click(".brand");
      await page.click(`main > section [data-tm=open-${book}]`);
    }
    await expect.poll(leads, { timeout: 10_000 }).toBe("You seem to like the kitchen shelf");
  });

  it("does nothing that the policy forbids, and complains of nothing", () => {
    expect(complaints).toEqual([]);
  });
});

describe("the quick start of the React example", () => {
  let shop: ChildProcessByStdio<null, Readable, Readable> | undefined;
  afterAll(() => {
    if (shop?.exitCode === null && shop.signalCode === null) process.kill(-(shop.pid ?? 0), "SIGINT");
  });

  it("starts the collector and the shop, prints links that work, and stops both", async () => {
    const readme = await readFile(join(EXAMPLE, "README.md"), "utf8");
    const [, command = ""] = /^ {4}(npx .*)$/m.exec(readme) ?? [];
    const [program = "", ...words] = command.split(" ");
    const child = spawn(program, words, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true });
    shop = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        said += chunk;
        if (said.includes("Ctrl-C")) resolve();
      });
      child.on("exit", () => reject(new Error(`${command} ended: ${said}`)));
    });
    const link = (what: string) => new RegExp(`${what} +(http://localhost:\\d+)`).exec(said)?.[1] ?? "";
    const answers = (url: string) =>
      fetch(url).then(
        (response) => response.status,
        () => "nobody",
      );
    const [site, collector] = [link("Shop"), link("Collector")];
    expect(await (await fetch(`${site}/sea/slack-water`)).text()).toContain("Three Shelves");
    const main = await (await fetch(`${site}/src/main.tsx`)).text();
    expect(main).toContain(collector);
    expect([await answers(site), await answers(`${collector}/healthz`)]).toEqual([200, 200]);

    const exit = once(child, "exit");
    // As Ctrl-C in a terminal does: to all that the command started.
    process.kill(-(child.pid ?? 0), "SIGINT");
    await exit;
    await expect
      .poll(async () => [await answers(site), await answers(`${collector}/healthz`)], { timeout: 20_000 })
      .toEqual(["nobody", "nobody"]);
  });
});
