import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import { type LocalStack, serveSite, startLocalStack } from "@tidemark/cli/local-stack";
import type { Tracker } from "@tidemark/sdk";
import getPort from "get-port";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { readVector } from "../../scripts/visit/scripted-visit.ts";

/** The contents of `tidemark.json`. */
interface Manifest {
  version: string;
  tag: string;
  integrity: Record<string, string>;
}

let stack: LocalStack;
let chromium: HeadlessChromium;
let problems: string[];

beforeAll(async () => {
  stack = await startLocalStack({ site: EXAMPLE_SITE });
});
afterAll(() => stack?.stop());
beforeEach(async () => {
  chromium = await startChromium();
  problems = [];
});
afterEach(() => chromium?.stop());

const served = (path: string) => fetch(`${stack.collector.origin}/${path}`);
const manifest = async () => (await (await served("tidemark.json")).json()) as Manifest;

const open = async (url: string): Promise<Page> => {
  const page = await chromium.context.newPage();
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => problems.push(message.text()));
  await page.goto(url, { waitUntil: "domcontentloaded" });
  return page;
};

/** Sends the page's events, and returns the session's features. */
const features = async (page: Page) => {
  const session = await page.evaluate(async () => {
    const { tidemark } = globalThis as unknown as { tidemark: Tracker };
    await tidemark.flush();
    return tidemark.sessionId;
  });
  return (await readVector(stack, session)).features;
};

describe("the collector", () => {
  it("lets browsers cache `tidemark.js` for five minutes, and the same file by its version for a year", async () => {
    const { tag, version } = await manifest();
    const latest = await served("tidemark.js");
    const pinned = await served(tag);
    expect(pinned.redirected).toBe(false);
    expect(tag).toBe(`tidemark-v${version}.js`);
    expect(latest.headers.get("cache-control")).toBe("public, max-age=300");
    expect(pinned.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(await pinned.text()).toBe(await latest.text());
    for (const { headers } of [latest, pinned]) {
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("content-type")).toMatch(/^(text|application)\/javascript/);
    }
  });

  it("lists the integrity of each file", async () => {
    const { integrity } = await manifest();
    expect(Object.keys(integrity).length).toBeGreaterThan(4);
    for (const [file, metadata] of Object.entries(integrity)) {
      const bytes = await (await served(file)).arrayBuffer();
      const digest = Buffer.from(await crypto.subtle.digest("SHA-384", bytes)).toString("base64");
      expect(metadata).toBe(`sha384-${digest}`);
    }
  });

  it("responds with 404 to an unknown version", async () => {
    expect((await served("tidemark-v0.0.0-00000000.js")).status).toBe(404);
  });
});

describe("a page that pins the tag and the stub by their integrity", () => {
  it("measures, also with the files that the tag loads", async () => {
    const { tag, integrity } = await manifest();
    const script = (file: string, more = "") =>
      `<script src="${stack.collector.origin}/${file}" integrity="${integrity[file]}" crossorigin ${more}></script>`;
    const key = `data-key="tm_demo_3f9c1e7ab2d84056" data-signals="clicks clickEvidence media"`;
    const folder = await mkdtemp(join(tmpdir(), "tidemark-pinned-"));
    await writeFile(
      join(folder, "pinned.html"),
      `<!doctype html><title>Pinned</title><link rel="icon" href="data:,">${script("tidemark-stub.js")}${script(tag, key)}
        <button>Button</button>`,
    );
    const site = await serveSite(folder, { port: await getPort(), collector: stack.collector.origin });
    onTestFinished(async () => {
      await site.stop();
      await rm(folder, { recursive: true });
    });
    const page = await open(`${site.origin}/pinned.html`);
    await expect.poll(() => page.locator("script").count()).toBe(4);
    await page.click("button");
    // The tag names clicks and media, not hovers.
    expect(await features(page)).toMatchObject({ click_count: 1, video_play_count: 0, hover_count: null });
    expect(problems).toEqual([]);
  });
});

describe("the example site, under its strict policy", () => {
  it("captures additions to the basket through the stub or the tag, without policy violations", async () => {
    // The visitor clicks before the tag loads.
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await chromium.context.route("**/tidemark.js", (route) => released.then(() => route.continue()));
    const page = await open(`${stack.site.origin}/products.html`);
    await page.click("[data-tm='add-boots']");
    release();
    await expect
      .poll(() => page.evaluate(() => "flush" in (globalThis as unknown as { tidemark: Tracker }).tidemark))
      .toBe(true);
    await page.click("[data-tm='add-clock']");
    expect(await features(page)).toMatchObject({ custom_event_count: 2, click_count: 1 });
    expect(problems).toEqual([]);
  });

  it("shows a suggestion to a visitor who hesitates in the shop, which the keyboard can dismiss", async () => {
    const page = await open(`${stack.site.origin}/products.html`);
    await page.bringToFront();
    const suggestion = page.locator(".suggestion");
    let button = 0;
    await expect
      .poll(
        async () => {
          button += 1;
          const box = await page
            .locator("[data-tm^='add-']")
            .nth(button % 3)
            .boundingBox();
          await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 10);
          return suggestion.textContent();
        },
        { timeout: 60_000, interval: 600 },
      )
      .toContain("Not sure yet?");
    // A screen reader announces it, and the focus stays where it is.
    expect(await suggestion.getAttribute("role")).toBe("status");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("BODY");

    await suggestion.getByRole("button").focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => suggestion.textContent()).toBe("");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    expect(problems).toEqual([]);
  });

  it("measures the video on the page that enables the signal `media`", async () => {
    const page = await open(`${stack.site.origin}/film.html`);
    await expect.poll(() => page.locator("script[src*='-media.js']").count()).toBe(1);
    await page.evaluate(() => document.querySelector("video")?.play());
    await expect.poll(async () => (await features(page)).video_play_count).toBe(1);
    expect(problems).toEqual([]);
  });
});
