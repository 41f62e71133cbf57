import { fileURLToPath } from "node:url";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import type { Tracker } from "@tidemark/sdk";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readVector } from "../../scripts/visit/scripted-visit.ts";

type Window = { tidemark: Tracker };

let stack: LocalStack;
let chromium: HeadlessChromium;
let problems: string[];

beforeAll(async () => {
  stack = await startLocalStack({ site: fileURLToPath(new URL("pages", import.meta.url)) });
});
afterAll(() => stack?.stop());
beforeEach(async () => {
  chromium = await startChromium();
  problems = [];
});
afterEach(() => chromium?.stop());

const open = async (path: string): Promise<Page> => {
  const page = await chromium.context.newPage();
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "warning" && problems.push(message.text()));
  await page.goto(`${stack.site.origin}/${path}`);
  await page.waitForFunction(() => (globalThis as unknown as Partial<Window>).tidemark?.flush);
  return page;
};
const session = (page: Page) => page.evaluate(() => (globalThis as unknown as Window).tidemark.sessionId);
const flush = (page: Page) => page.evaluate(() => (globalThis as unknown as Window).tidemark.flush());
const track = (page: Page, count: number) =>
  page.evaluate((many) => {
    for (let each = 0; each < many; each += 1) (globalThis as unknown as Window).tidemark.track("numbered", { each });
  }, count);

/** Waits until the session has at least this number of custom events, and returns its vector. */
const customEvents = async (id: string, count: number) => {
  await expect
    .poll(async () => (await readVector(stack, id)).features.custom_event_count, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(count);
  return readVector(stack, id);
};

describe("the script tag on a page", () => {
  it("replays the calls before it loaded, in order", async () => {
    const page = await open("plain.html");
    await flush(page);
    expect((await readVector(stack, await session(page))).features.custom_event_count).toBe(1);
    expect(problems).toEqual([]);
  });

  it("returns the visitor's features to the page", async () => {
    const page = await open("plain.html");
    await page.click("#button");
    const features = await page.evaluate(() => (globalThis as unknown as Window).tidemark.features());
    expect(features).toMatchObject({ click_count: 1, page_view_count: 1, entry_path: "/plain.html" });
  });

  it("delivers events tracked just before a navigation, each exactly once", async () => {
    const page = await open("plain.html");
    const id = await session(page);
    await Promise.all([
      page.waitForURL("**/other.html"),
      track(page, 20).then(() => page.evaluate(() => (location.href = "other.html"))),
    ]);
    const { features, delivery } = await customEvents(id, 21);
    expect(features.custom_event_count).toBe(21);
    expect(delivery).toMatchObject({ missing: 0, rejected: 0 });
  });

  it("delivers the events of a tab that closed while the collector was down, at the next page of the site", async () => {
    const page = await open("plain.html");
    const id = await session(page);
    await flush(page);
    await stack.collector.kill();
    await track(page, 20);
    await page.close({ runBeforeUnload: true });
    await stack.collector.restart();
    await open("other.html");
    const { features, delivery } = await customEvents(id, 21);
    expect(features.custom_event_count).toBe(21);
    expect(delivery.missing).toBe(0);
  });

  it("resumes delivery in an open page when the collector runs again", async () => {
    const page = await open("plain.html");
    await flush(page);
    await stack.collector.kill();
    await track(page, 20);
    await expect(flush(page)).rejects.toThrow(/\d batches wait: /);
    await stack.collector.restart();
    const { features } = await customEvents(await session(page), 21);
    expect(features.custom_event_count).toBe(21);
  });

  it("measures and delivers when the browser blocks all storage", async () => {
    await chromium.context.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(globalThis, name, {
          get() {
            throw new DOMException("forbidden", "SecurityError");
          },
        });
      }
    });
    const page = await open("plain.html");
    await page.click("#button");
    await flush(page);
    expect((await readVector(stack, await session(page))).features.click_count).toBe(1);
    expect(problems).toEqual([]);
  });

  it("leaves out properties that are not JSON or too large, logs a warning for each reason, and delivers all events", async () => {
    const page = await open("other.html");
    await page.evaluate(() => {
      const { tidemark } = globalThis as unknown as Window;
      const cyclic: Record<string, unknown> = {};
      cyclic.self = cyclic;
      tidemark.track("cyclic", cyclic);
      tidemark.track("big", { text: "x".repeat(10_000) });
      tidemark.track("odd", { count: 1n });
      tidemark.track("fine", { count: 1 });
    });
    await flush(page);
    expect((await readVector(stack, await session(page))).features.custom_event_count).toBe(4);
    expect(problems).toEqual([
      expect.stringMatching(/properties: left out, .*without JSON: self$/),
      expect.stringMatching(/properties: left out, .*8192 bytes: text$/),
    ]);
  });

  it("logs one warning when the collector rejects its key, and causes no error in the page", async () => {
    const page = await open("wrong-key.html");
    await expect(flush(page)).rejects.toThrow(/tm_demo_unknownkey.*\(unknown_key\)/);
    expect(problems).toEqual([expect.stringMatching(/rejected a batch, unknown_key: .*tm_demo_unknownkey/)]);
  });

  it("captures one page view for each route of a single-page app, after the router has set the title", async () => {
    const page = await open("other.html");
    const titles = await page.evaluate(async () => {
      const { tidemark } = globalThis as unknown as Window;
      const pageViews: string[] = [];
      tidemark.on(
        "event",
        ({ type }) => type === "page_view" && pageViews.push(`${location.pathname} ${document.title}`),
      );
      const settled = () => new Promise((resolve) => setTimeout(() => setTimeout(resolve)));
      history.replaceState(null, "", "/redirect");
      history.pushState(null, "", "/shop");
      document.title = "Shop";
      await settled();
      history.pushState(null, "", "/shop#reviews");
      await settled();
      history.pushState(null, "", "/cart");
      document.title = "Cart";
      await settled();
      return pageViews;
    });
    expect(titles).toEqual(["/shop Shop", "/cart Cart"]);
    await flush(page);
    expect((await readVector(stack, await session(page))).features).toMatchObject({
      page_view_count: 3,
      current_path: "/cart",
    });
  });

  it("removes all listeners when it is stopped", async () => {
    await chromium.context.addInitScript(() => {
      const listeners = new Set<string>();
      Object.assign(globalThis, { listeners });
      const ids = new Map<unknown, number>();
      const idOf = (value: unknown) => {
        if (!ids.has(value)) ids.set(value, ids.size);
        return ids.get(value);
      };
      const { addEventListener, removeEventListener } = EventTarget.prototype;
      EventTarget.prototype.addEventListener = function (...args: Parameters<typeof addEventListener>) {
        // A transaction ends by itself, and its listeners with it.
        if (!(this instanceof IDBTransaction) && new Error().stack?.includes("/tidemark.js"))
          listeners.add(`${args[0]} ${idOf(args[1])}`);
        return addEventListener.apply(this, args);
      };
      EventTarget.prototype.removeEventListener = function (...args: Parameters<typeof removeEventListener>) {
        listeners.delete(`${args[0]} ${idOf(args[1])}`);
        return removeEventListener.apply(this, args);
      };
    });
    const page = await open("other.html");
    const listeners = () => page.evaluate(() => [...(globalThis as unknown as { listeners: Set<string> }).listeners]);
    expect((await listeners()).length).toBeGreaterThan(10);
    await page.evaluate(() => (globalThis as unknown as Window).tidemark.stop());
    // The request with the last events listens until it ends.
    await expect.poll(listeners).toEqual([]);
    const id = await session(page);
    await page.click("p");
    await page.evaluate(() => (globalThis as unknown as Window).tidemark.track("after stop"));
    await flush(page);
    expect((await readVector(stack, id)).features).toMatchObject({ click_count: 0, custom_event_count: 0 });
  });
});
