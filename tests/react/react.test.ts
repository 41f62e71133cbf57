import { gunzipSync } from "node:zlib";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import { type LocalStack, serveSite, startLocalStack } from "@tidemark/cli/local-stack";
import type { Tracker } from "@tidemark/sdk";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import { buildReactPages, type ReactPages, reacts } from "./react-pages.ts";

type Window = { tracker: Tracker; root: { unmount(): void }; ready(name: string): void };

/** Options of waits for a read that has a cause: without one, the next read is after ten seconds. */
const SOON = { timeout: 8_000 };

/** The first byte of a compressed body. */
const GZIP = 0x1f;

/** Option of tests that run one after the other within a suite. */
const sequential = { concurrent: false };

// The versions run concurrently, because these tests mostly wait, each with a separate collector and browser. Concurrent tests
// need an `expect` each.
describe.concurrent.each(reacts)("React $version", ({ version }) => {
  let pages: ReactPages;
  let stack: LocalStack;
  let chromium: HeadlessChromium;
  let complaints: string[] = [];

  beforeAll(async () => {
    stack = await startLocalStack({
      async site(port, collector) {
        pages = await buildReactPages(collector);
        return serveSite(pages.folder, { port, collector });
      },
    });
    chromium = await startChromium();
  });
  afterAll(async () => {
    await chromium?.stop();
    await stack?.stop();
    pages?.remove();
  });
  afterEach(async () => {
    for (const page of chromium.context.pages().slice(1)) await page.close();
    complaints = [];
  });

  /**
   * Opens a scene in a new session, in the foreground. With `clock`, the test can also let time pass at once, by
   * `page.clock`.
   */
  const open = async (scene: string, { path = `${version}.html`, plain = false, clock = false } = {}) => {
    const session = `demo.${crypto.randomUUID()}`;
    const page = await chromium.context.newPage();
    await page.bringToFront();
    if (clock) await page.clock.install();
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(`${stack.site.origin}/${path}?scene=${scene}&session=${session}${plain ? "&plain" : ""}`);
    return { page, session };
  };
  /** Sends the page's events and reads the vector of the session. */
  const vectorOf = async (page: Page, session: string) => {
    await page.evaluate(() => (globalThis as unknown as Window).tracker.flush());
    return readVector(stack, session);
  };
  const features = async (page: Page, session: string) => (await vectorOf(page, session)).features;

  it("runs the quick start of docs/react.md with the documented result", sequential, async ({ expect }) => {
    const { page } = await open("", { path: `${version}-quick-start.html` });
    expect(await page.textContent("p")).toMatch(/^(Hello!|Pages seen)/);
    await expect.poll(() => page.textContent("p")).toBe("Pages seen: 1. Clicks: 0.");
    await page.click("button");
    await expect.poll(() => page.textContent("p"), SOON).toBe("Pages seen: 1. Clicks: 1.");
    expect(complaints).toEqual([]);
  });

  it("creates one tracker in StrictMode, and counts each event once", sequential, async ({ expect }) => {
    const { page, session } = await open("basic");
    await page.click("#track");
    const { features, delivery } = await vectorOf(page, session);
    expect(features).toMatchObject({ page_view_count: 1, click_count: 1, custom_event_count: 1 });
    expect(delivery).toMatchObject({ duplicates: 0, missing: 0, rejected: 0 });
    expect(complaints).toEqual([]);
  });

  it("provides one tracker to all components", sequential, async ({ expect }) => {
    const { page, session } = await open("basic");
    expect(await page.evaluate(() => (globalThis as unknown as Window).tracker.sessionId)).toBe(session);
    expect(await page.evaluate(() => (globalThis as unknown as Window).tracker.features())).toMatchObject({
      page_view_count: 1,
    });
  });

  it(
    "captures events tracked in the first effects of components, and in their cleanup when the provider unmounts",
    sequential,
    async ({ expect }) => {
      const { page, session } = await open("effects", { plain: true });
      expect(await features(page, session)).toMatchObject({ custom_event_count: 2, page_view_count: 1 });
      await page.evaluate(() => (globalThis as unknown as Window).root.unmount());
      await expect.poll(async () => (await readVector(stack, session)).features.custom_event_count).toBe(3);
      expect(complaints).toEqual([]);
    },
  );

  it("measures nothing while React is suspended, and the content once after it", sequential, async ({ expect }) => {
    const { page, session } = await open("suspended", { clock: true });
    await page.waitForSelector("#fallback");
    const sent: string[] = [];
    page.on("request", (request) => sent.push(request.url()));
    await page.clock.runFor(2_500);
    expect(sent).toEqual([]);
    await page.evaluate(() => (globalThis as unknown as Window).ready("content"));
    await page.waitForSelector("#content");
    expect(await features(page, session)).toMatchObject({ page_view_count: 1 });
  });

  it("keeps its tracker during suspended content and transitions", sequential, async ({ expect }) => {
    const { page, session } = await open("transition");
    await page.waitForSelector("#fallback");
    await page.evaluate(() => (globalThis as unknown as Window).ready("first"));
    await page.waitForSelector("#first");
    await page.click("#next");
    await page.evaluate(() => (globalThis as unknown as Window).ready("second"));
    await page.waitForSelector("#second");
    expect(await features(page, session)).toMatchObject({ page_view_count: 1, click_count: 1 });
    expect(complaints).toEqual([]);
  });

  it(
    "stops measuring when the provider unmounts, and starts again when it mounts again",
    sequential,
    async ({ expect }) => {
      const { page, session } = await open("remount");
      await page.click("#switch");
      await expect.poll(async () => (await readVector(stack, session)).features.click_count).toBe(1);
      await page.mouse.click(5, 500);
      await page.evaluate(() => (globalThis as unknown as Window).tracker.track("too late"));
      expect(complaints).toEqual([expect.stringMatching(/\[tidemark\] Error: nothing is measured here/)]);
      await page.click("#switch");
      await page.click("#track");
      expect(await features(page, session)).toMatchObject({
        page_view_count: 2,
        click_count: 2,
        custom_event_count: 1,
      });
    },
  );

  it("measures with the options of a provider that replaces another one", sequential, async ({ expect }) => {
    const { page, session } = await open("replaced");
    await page.click("#replace");
    await page.click("#track");
    expect(await features(page, `${session}-next`)).toMatchObject({ page_view_count: 1, custom_event_count: 1 });
    expect(complaints).toEqual([]);
  });

  it("does not stop a tracker from the app", sequential, async ({ expect }) => {
    const { page, session } = await open("fromApp");
    await page.click("#track");
    await page.click("#switch");
    await page.mouse.click(5, 500);
    expect(await features(page, session)).toMatchObject({
      page_view_count: 1,
      click_count: 3,
      custom_event_count: 1,
    });
  });

  it("warns without a provider that nothing is measured, and renders", sequential, async ({ expect }) => {
    const { page } = await open("withoutProvider");
    await page.click("#track");
    await expect.poll(() => page.textContent("#one")).toMatch(/^nothing yet, Error: nothing is measured here/);
    expect(complaints).toEqual([expect.stringMatching(/\[tidemark\] Error: nothing is measured here/)]);
  });

  describe("useDwell", sequential, () => {
    const dwellTime = async (page: Page, session: string) => Number((await features(page, session)).time_in_sight_ms);
    const wait = (page: Page, ms: number) =>
      page.evaluate((time) => new Promise((resolve) => setTimeout(resolve, time)), ms);

    it("measures how long its element is in view, across re-renders, and stops with the component", async ({
      expect,
    }) => {
      const { page, session } = await open("dwelling");
      const before = Date.now();
      await page.waitForSelector("#measured");
      await wait(page, 500);
      await page.click("#render");
      await page.click("#render");
      await wait(page, 500);
      const [stays, ms] = await page.evaluate(async () => {
        const { tracker } = globalThis as unknown as Window;
        const dwells: { stays: number; visible_ms: number; target: { id?: string } }[] = [];
        tracker.on("event", (event) => event.type === "element_dwell" && dwells.push(event as never));
        await tracker.flush();
        return [dwells.map((each) => [each.target.id, each.stays]), dwells[0]?.visible_ms ?? 0];
      });
      expect(stays).toEqual([["measured", 1]]);
      expect(ms).toBeGreaterThanOrEqual(1_000);
      await page.click("#switch");
      const all = await dwellTime(page, session);
      expect(all).toBeLessThanOrEqual(Date.now() - before);
      await wait(page, 500);
      expect(await dwellTime(page, session)).toBe(all);
      expect(complaints).toEqual([]);
    });

    it("measures another element when the ref changes", async ({ expect }) => {
      const { page } = await open("dwelling");
      for (let click = 0; click < 10; click += 1) await page.click("#render");
      await page.waitForSelector("#other");
      await wait(page, 300);
      const ids = await page.evaluate(async () => {
        const { tracker } = globalThis as unknown as Window;
        const dwells: unknown[] = [];
        tracker.on(
          "event",
          (event) => event.type === "element_dwell" && dwells.push((event.target as { id?: string }).id),
        );
        await tracker.flush();
        return dwells;
      });
      expect(ids).toEqual(["measured", "other"]);
    });
  });

  describe("useReaction", sequential, () => {
    /** Opens a page whose collector fires reactions on request. Returns the events of the batches too. */
    const openReacting = async (plain = false) => {
      const session = `demo.${crypto.randomUUID()}`;
      const page = await chromium.context.newPage();
      await page.bringToFront();
      page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
      page.on("console", (message) => {
        if (["warning", "error"].includes(message.type())) complaints.push(message.text());
      });
      let pending: { id: string; name: string; payload: object; expires_in_ms: number }[] = [];
      const events: { type: string; reaction?: string }[] = [];
      await page.route("**/v1/events", async (route) => {
        const body = route.request().postDataBuffer() ?? Buffer.of();
        const sent = JSON.parse(`${body[0] === GZIP ? gunzipSync(body) : body}`);
        events.push(...sent.events);
        const received: string[] = sent.reactions_received ?? [];
        pending = pending.filter(({ id }) => !received.includes(id));
        // The page may be closed during a request.
        const response = await route.fetch().catch(() => undefined);
        if (!response) return;
        await route.fulfill({ response, json: { ...(await response.json()), reactions: pending } });
      });
      await page.goto(`${stack.site.origin}/${version}.html?scene=reacting&session=${session}${plain ? "&plain" : ""}`);
      return {
        page,
        typesOf: (name: string) => events.flatMap(({ type, reaction }) => (reaction === name ? type : [])),
        async fire(name: string, text: string, expires_in_ms = 60_000) {
          pending.push({ id: crypto.randomUUID(), name, payload: { text }, expires_in_ms });
          await page.click("#track");
          await page.evaluate(() => (globalThis as unknown as Window).tracker.flush());
        },
      };
    };
    const textOf = (page: Page, name: string) => async () =>
      (await page.textContent(`#${name}`))?.replace(/AcceptClose$/, "");

    it.for([false, true])(
      "returns a reaction that components show, accept and dismiss (StrictMode off: %s)",
      async (plain, { expect }) => {
        const { page, fire, typesOf } = await openReacting(plain);
        const chat = textOf(page, "chat");
        expect(await chat()).toBe("nothing");
        await fire("chat", "May we help?");
        await expect.poll(chat, SOON).toBe("May we help?");
        await page.click("#chat-act");
        await page.click("#chat-dismiss");
        await expect.poll(chat).toBe("nothing");
        await page.evaluate(() => (globalThis as unknown as Window).tracker.flush());
        expect(typesOf("chat")).toEqual(["reaction_shown", "reaction_acted", "reaction_dismissed"]);
        expect(complaints).toEqual([]);
      },
    );

    it("returns the latest reaction to a component that is mounted later", async ({ expect }) => {
      const { page, fire } = await openReacting();
      await fire("discount", "10 percent");
      await fire("discount", "20 percent");
      await fire("chat", "May we help?");
      await expect.poll(textOf(page, "chat"), SOON).toBe("May we help?");
      await page.click("#open");
      expect(await textOf(page, "discount")()).toBe("20 percent");
    });

    it("returns nothing any more when the visitor logs out", async ({ expect }) => {
      const { page, fire } = await openReacting();
      const chat = textOf(page, "chat");
      await fire("chat", "May we help?");
      await expect.poll(chat, SOON).toBe("May we help?");
      await page.evaluate(() => (globalThis as unknown as Window).tracker.reset());
      await expect.poll(chat).toBe("nothing");
      expect(complaints).toEqual([]);
    });

    it("returns nothing on a server", ({ expect }) => {
      expect(pages.render(version, "reacting").html).toContain("nothing");
      expect(pages.render(version, "reacting").complaints).toEqual([]);
    });
  });

  describe("useFeatures", sequential, () => {
    const reads = (page: Page) => {
      const urls: string[] = [];
      page.on("request", (request) => {
        if (request.url().includes("/v1/features/")) urls.push(request.url());
      });
      return urls;
    };

    it("returns nothing at first, then the visitor's vector, and soon its updates", async ({ expect }) => {
      const { page } = await open("live");
      expect(await page.textContent("#one")).toMatch(/nothing yet|0 clicks, 0 reports/);
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports");
      await page.click("#track");
      await expect.poll(() => page.textContent("#one"), SOON).toBe("1 clicks, 1 reports");
      expect(await page.textContent("#two")).toBe("1 clicks, 1 reports");
      expect(complaints).toEqual([]);
    });

    it("follows the vector by one connection while components use it, and reads nothing", async ({ expect }) => {
      // This page only begins the session: the listeners have to be there before the page that follows.
      const { page } = await open("basic");
      const sockets: string[] = [];
      const urls = reads(page);
      page.on("websocket", (socket) => {
        sockets.push("open");
        socket.on("close", () => sockets.push("closed"));
      });
      await page.goto(page.url().replace("scene=basic", "scene=followed"));
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports");
      const before = sockets.length;
      await page.click("#track");
      await expect.poll(() => page.textContent("#one"), SOON).toBe("1 clicks, 1 reports");
      expect(await page.textContent("#two")).toBe("1 clicks, 1 reports");
      expect([sockets.length, urls, complaints]).toEqual([before, [], []]);
      await page.click("#switch");
      await expect.poll(() => sockets.at(-1)).toBe("closed");
    });

    it("reads once for all components, rarely without events, and sends no events for it", async ({ expect }) => {
      const { page } = await open("live", { clock: true });
      await expect.poll(() => page.textContent("#two")).toBe("0 clicks, 0 reports");
      // The visitor counts as idle after five seconds, and the event that reports it is sent within two more.
      await page.clock.runFor(8_000);
      await page.waitForLoadState("networkidle");
      const urls = reads(page);
      const batches: string[] = [];
      page.on("request", (request) => {
        if (request.url().endsWith("/v1/events")) batches.push(request.url());
      });
      for (let second = 0; second < 12 && urls.length === 0; second += 1) await page.clock.runFor(1_000);
      await expect.poll(() => urls.length).toBeGreaterThan(0);
      await page.clock.runFor(5_000);
      expect(urls).toHaveLength(1);
      expect(batches).toEqual([]);
    });

    it("returns an error without a request when consent is withdrawn", async ({ expect }) => {
      const { page } = await open("live", { clock: true });
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports");
      await page.evaluate(() => (globalThis as unknown as Window).tracker.consent("denied"));
      const urls = reads(page);
      await page.clock.runFor(12_000);
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports, Error: no consent to measure");
      expect(urls).toEqual([]);
    });

    it("reads nothing while the page is hidden, and immediately when it is shown again", async ({ expect }) => {
      const { page } = await open("live", { clock: true });
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports");
      const other = await chromium.context.newPage();
      await other.bringToFront();
      await page.waitForFunction(() => document.hidden, undefined, { polling: 100 });
      const urls = reads(page);
      await page.evaluate(() => (globalThis as unknown as Window).tracker.track("hidden"));
      await page.clock.runFor(11_500);
      expect(urls).toEqual([]);
      await page.bringToFront();
      await expect.poll(() => page.textContent("#one"), SOON).toBe("0 clicks, 1 reports");
    });

    it("stops reading when the components unmount, and starts with the known vector when they mount again", async ({
      expect,
    }) => {
      const { page } = await open("live", { clock: true });
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports");
      await page.click("#switch");
      const urls = reads(page);
      await page.click("#track");
      await page.clock.runFor(3_000);
      expect(urls).toEqual([]);
      await page.click("#switch");
      expect(await page.textContent("#one")).not.toMatch(/nothing yet/);
      await expect.poll(() => page.textContent("#one"), SOON).toBe("3 clicks, 1 reports");
    });

    it("returns an error without a request before consent, and the vector after it", async ({ expect }) => {
      const { page, session } = await open("withoutConsent");
      const urls: string[] = [];
      page.on("request", (request) => urls.push(request.url()));
      await expect.poll(() => page.textContent("#one")).toBe("nothing yet, Error: no consent to measure");
      expect(urls).toEqual([]);
      await page.click("#agree");
      await expect.poll(() => page.textContent("#one"), SOON).toBe("1 clicks, 0 reports");
      expect(await features(page, session)).toMatchObject({ page_view_count: 1 });
    });

    it("returns an error with the known vector while the collector is down, and the new vector after it", async ({
      expect,
    }) => {
      const { page } = await open("live");
      await expect.poll(() => page.textContent("#one")).toBe("0 clicks, 0 reports");
      await stack.collector.kill();
      try {
        await page.click("#track");
        await expect.poll(() => page.textContent("#one")).toMatch(/^0 clicks, 0 reports, \w*Error/);
      } finally {
        await stack.collector.restart();
      }
      await expect.poll(() => page.textContent("#one"), { timeout: 40_000 }).toBe("1 clicks, 1 reports");
      expect(complaints.filter((each) => !/Failed to load resource/.test(each))).toEqual([]);
    });
  });

  describe("on a server", sequential, () => {
    it.each(["basic", "dwelling", "live", "withoutProvider"])("renders without effects or warnings: %s", (scene) => {
      const { html, complaints } = pages.render(version, scene);
      expect(complaints).toEqual([]);
      expect(html).toContain("</");
    });

    it("hydrates without a mismatch, and measures once", async ({ expect }) => {
      expect(pages.render(version, "live").html).toContain("nothing yet");
      const { page, session } = await open("live", { path: `${version}-hydrated.html` });
      await expect.poll(() => page.textContent("#two")).toBe("0 clicks, 0 reports");
      await page.click("#track");
      expect(await features(page, session)).toMatchObject({
        page_view_count: 1,
        click_count: 1,
        custom_event_count: 1,
      });
      expect(complaints).toEqual([]);
    });
  });
});
