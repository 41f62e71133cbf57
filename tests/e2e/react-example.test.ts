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

/** The content security policy of the shop: only its own files, and requests to the collector. */
const policy = (collector: string) => `default-src 'self'; connect-src ${collector}`;

/**
 * Builds the shop for production, and serves it under the strict policy. Paths without a file return the app's page.
 */
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
  const problems: string[] = [];
  const watch = (watched: Page) => {
    watched.on("pageerror", (error) => problems.push(error.message));
    watched.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) problems.push(message.text());
    });
  };

  beforeAll(async () => {
    stack = await startLocalStack({ site: serveBuilt });
    chromium = await startChromium();
    page = await chromium.context.newPage();
    await page.bringToFront();
    watch(page);
  });
  afterAll(async () => {
    await chromium?.stop();
    await stack?.stop();
  });

  /** Moves the pointer until the page shows this number of engaged seconds. */
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
  const recommendation = () => page.textContent("#for-you h2");

  it("shows a welcome first, and recommends the visitor's favourite shelf once it is known", async () => {
    await page.goto(stack.site.origin);
    expect(await recommendation()).toBe("Come in and look around");
    await expect.poll(() => page.textContent("#page-views")).toBe("1");

    await page.click("[data-tm=open-hut-book]");
    await expect.poll(() => page.textContent("#page-views")).toBe("2");
    await readFor(6);
    expect(await recommendation()).toBe("Come in and look around");

    await page.click(".brand");
    await page.click("[data-tm=open-north-side]");
    await expect.poll(recommendation).toBe("You seem to like the mountain shelf");
    expect(await page.locator("#for-you a").allTextContents()).toEqual(["On Walking UphillMara Lindqvist"]);
  });

  it("updates the displayed features while the visitor uses the page", async () => {
    expect(await page.textContent("#put-aside")).toBe("0");
    await page.click("text=Put aside for me");
    await expect.poll(() => page.textContent("#put-aside")).toBe("1");
    await expect.poll(() => page.textContent("#clicks")).toBe("4");
    await readFor(8);
    expect(Number.parseInt((await page.textContent("#looked")) ?? "", 10)).toBeGreaterThanOrEqual(5);
  });

  it("recognizes the visitor after a reload, and follows a change to another shelf", async () => {
    await page.reload();
    await expect.poll(recommendation).toBe("You seem to like the mountain shelf");
    for (const book of ["salt", "bread-twice", "second-helping"]) {
      await page.click(".brand");
      await page.click(`main > section [data-tm=open-${book}]`);
    }
    await expect.poll(recommendation).toBe("You seem to like the kitchen shelf");
  });

  it("shows a suggestion to a visitor who hesitates, which the visitor can dismiss and accept", async () => {
    /** Runs with a page of another visitor, who rests the pointer on books and clicks none until a suggestion appears. */
    const hesitating = async (run: (visitor: Page) => Promise<void>) => {
      const context = await chromium.context.browser()?.newContext();
      const visitor = await context?.newPage();
      if (!visitor) throw new Error("expected a page of another visitor");
      await visitor.bringToFront();
      watch(visitor);
      await visitor.goto(stack.site.origin);
      let book = 0;
      await expect
        .poll(
          async () => {
            book += 1;
            const box = await visitor
              .locator("main > section .cover")
              .nth(book % 3)
              .boundingBox();
            await visitor.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 20);
            return visitor.textContent("#suggestion");
          },
          { timeout: 60_000, interval: 600 },
        )
        .toContain("Not sure yet?");
      await run(visitor);
      await context?.close();
    };

    await hesitating(async (visitor) => {
      const suggestion = visitor.locator("#suggestion");
      expect(await suggestion.getAttribute("role")).toBe("status");
      expect(await visitor.evaluate(() => document.activeElement?.tagName)).toBe("BODY");
      await suggestion.getByRole("button", { name: "No, thanks" }).click();
      await expect.poll(() => suggestion.textContent()).toBe("");
    });
    await hesitating(async (visitor) => {
      await visitor.getByRole("button", { name: "Show me a book" }).click();
      await visitor.waitForURL("**/sea/slack-water");
      await expect.poll(() => visitor.textContent("#suggestion")).toBe("");
    });
  });

  it("causes no policy violations, errors or warnings", () => {
    expect(problems).toEqual([]);
  });
});

describe("the quick start of the React example", () => {
  let shop: ChildProcessByStdio<null, Readable, Readable> | undefined;
  afterAll(() => {
    if (shop?.exitCode === null && shop.signalCode === null) process.kill(-(shop.pid ?? 0), "SIGINT");
  });

  it("starts the collector and the shop, prints working links, and stops both", async () => {
    const readme = await readFile(join(EXAMPLE, "README.md"), "utf8");
    const [, command = ""] = /^ {4}(npx .*)$/m.exec(readme) ?? [];
    const [program = "", ...args] = command.split(" ");
    const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true });
    shop = child;
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        output += chunk;
        if (output.includes("Ctrl-C")) resolve();
      });
      child.on("exit", () => reject(new Error(`${command} exited: ${output}`)));
    });
    const link = (title: string) => new RegExp(`${title} +(http://localhost:\\d+)`).exec(output)?.[1] ?? "";
    const statusOf = (url: string) =>
      fetch(url).then(
        (response) => response.status,
        () => "no connection",
      );
    const [site, collector] = [link("Shop"), link("Collector")];
    expect(await (await fetch(`${site}/sea/slack-water`)).text()).toContain("Three Shelves");
    const main = await (await fetch(`${site}/src/main.tsx`)).text();
    expect(main).toContain(collector);
    expect([await statusOf(site), await statusOf(`${collector}/healthz`)]).toEqual([200, 200]);

    const exit = once(child, "exit");
    // Like Ctrl-C in a terminal: to all processes of the command.
    process.kill(-(child.pid ?? 0), "SIGINT");
    await exit;
    await expect
      .poll(async () => [await statusOf(site), await statusOf(`${collector}/healthz`)], { timeout: 20_000 })
      .toEqual(["no connection", "no connection"]);
  });
});
