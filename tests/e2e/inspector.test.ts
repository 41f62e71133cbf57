import { fileURLToPath } from "node:url";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { afterAll, afterEach, beforeAll, describe, it, vi } from "vitest";
import { type Browser, browserNames, startBrowser, type Tab } from "../browsers/browser.ts";

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ site: fileURLToPath(new URL("pages", import.meta.url)) });
});
afterAll(() => stack?.stop());

/** Options of waits for the start of a page. */
const START_WAIT = { timeout: 30_000, interval: 50 };

/** Returns a selector of an element in the panel, for the pointer. */
const inPanel = (selector: string) => `tidemark-inspector >>> iframe >>> ${selector}`;

/** Runs a script in the page with the panel's document as `panel`. Returns `fallback` while there is no panel. */
const runInPanel = <R>(tab: Tab, script: string, fallback?: R): Promise<R> =>
  tab.run(`
    const panel = document.querySelector("tidemark-inspector")?.shadowRoot.querySelector("iframe").contentDocument;
    if (!panel?.querySelector("main")) return ${JSON.stringify(fallback ?? null)};
    ${script}
  `);

interface Row {
  state: string;
  type: string;
  gist: string;
  reason: string;
}

/** Returns the rows of the event list, the latest first. */
const rows = (tab: Tab) =>
  runInPanel<Row[]>(
    tab,
    `return [...panel.querySelectorAll("li")].map((row) => ({
      state: row.className,
      type: row.querySelector(".type").textContent,
      gist: row.querySelector(".gist").textContent,
      reason: row.querySelector(".reason").textContent,
    }))`,
    [],
  );

const statesOf = async (tab: Tab, type: string) =>
  (await rows(tab)).flatMap((row) => (row.type === type ? [row.state] : []));

const totals = (tab: Tab) =>
  runInPanel<Record<string, number>>(
    tab,
    `return Object.fromEntries(
      [...panel.querySelectorAll(".totals span")].map(({ className, firstChild }) => [className, +firstChild.textContent]),
    )`,
    {},
  );

/** Returns the displayed features by name. A star marks each feature that changed with the last response. */
const vector = (tab: Tab) =>
  runInPanel<Record<string, string>>(
    tab,
    `return Object.fromEntries(
      [...panel.querySelectorAll("dl > div")].map((row) => [
        row.querySelector("dt").textContent,
        row.querySelector("dd").textContent + (row.querySelector("mark") ? "*" : ""),
      ]),
    )`,
    {},
  );

/** Returns the number of reads of the vector so far. */
const vectorReads = (tab: Tab) =>
  tab.run<number>(`
    const names = performance.getEntriesByType("resource").map(({ name }) => name);
    return names.filter((name) => name.includes("/v1/features/")).length;
  `);

/** Option of tests that run one after the other within a suite. */
const sequential = { concurrent: false };

// The browsers run in parallel, because these tests mostly wait. Each concurrent test has its own `expect`.
describe.concurrent.each(browserNames)("the inspector in %s", (name) => {
  let browser: Browser;
  let tabs: Tab[] = [];
  beforeAll(async () => {
    browser = await startBrowser(name);
  });
  afterAll(() => browser?.stop());
  afterEach(async () => {
    for (const tab of tabs) await tab.close();
    tabs = [];
  });

  /** Opens a page for a new visitor: without stored data of earlier tests. */
  const open = async (path: string) => {
    const tab = await browser.newTab();
    tabs.push(tab);
    await tab.goto(`${stack.site.origin}/strict.js`);
    await tab.run(`
      localStorage.clear();
      for (const { name } of await indexedDB.databases())
        await new Promise((resolve) => { indexedDB.deleteDatabase(name).onsuccess = resolve; });
    `);
    await tab.goto(`${stack.site.origin}/${path}`);
    await vi.waitUntil(() => tab.run<boolean>("return !!window.tidemark?.flush"), START_WAIT);
    return tab;
  };
  const openWithInspector = async (path = "strict.html") => {
    const tab = await open(`${path}?tidemark_inspect`);
    await vi.waitUntil(() => runInPanel(tab, "return true", false), START_WAIT);
    return tab;
  };

  it(
    "shows the state of each event until it is acknowledged, under a strict Content Security Policy",
    sequential,
    async ({ expect }) => {
      const tab = await openWithInspector();
      await tab.click("#button");
      await expect.poll(() => statesOf(tab, "click")).toEqual(["captured"]);
      await tab.run("await tidemark.flush()");
      await expect.poll(() => statesOf(tab, "click")).toEqual(["acknowledged"]);
      // The page view was captured before the panel opened.
      expect(await statesOf(tab, "page_view")).toEqual(["acknowledged"]);
      const { captured, sent, acknowledged, rejected, dropped } = await totals(tab);
      expect([sent, acknowledged, rejected, dropped]).toEqual([captured, captured, 0, 0]);
      expect(
        await runInPanel(tab, "return panel.querySelector('.session code').textContent === tidemark.sessionId"),
      ).toBe(true);
      expect(await tab.run("return violated")).toEqual([]);
    },
  );

  it(
    "shows the reason for a rejected event, and acknowledges the other events of the batch",
    sequential,
    async ({ expect }) => {
      const tab = await openWithInspector("unknown-field.html");
      await tab.run(
        `tidemark.track("wrong"); tidemark.track("fine", { count: 1 }); await tidemark.flush().catch(() => {});`,
      );
      await expect.poll(() => statesOf(tab, "custom")).toEqual(expect.arrayContaining(["acknowledged", "rejected"]));
      const custom = (await rows(tab)).filter(({ type }) => type === "custom");
      expect(custom.find(({ state }) => state === "acknowledged")).toMatchObject({
        gist: '{"name":"fine","properties":{"count":1}}',
        reason: "",
      });
      expect(custom.find(({ state }) => state === "rejected")?.reason).toBe(
        "colour is not a field of the contract (unknown_field)",
      );
      expect(await totals(tab)).toMatchObject({ rejected: 1, dropped: 0 });
    },
  );

  it("shows the complete event when its row is opened", sequential, async ({ expect }) => {
    const tab = await openWithInspector();
    await tab.run(`tidemark.track("opened", { deep: { er: 1 } }); await tidemark.flush();`);
    await expect.poll(() => statesOf(tab, "custom")).toEqual(["acknowledged"]);
    await tab.click(inPanel("li:has(.gist:not(:empty)) summary"));
    const json = () => runInPanel<string>(tab, "return panel.querySelector('[open] pre')?.textContent ?? ''", "");
    await expect.poll(json).toContain('"seq"');
    expect(Object.keys(JSON.parse(await json()))).toEqual(expect.arrayContaining(["tab_id", "type", "seq", "time"]));
  });

  it(
    "shows the vector and its changes after each response, and causes no further sending of events",
    sequential,
    async ({ expect }) => {
      const tab = await openWithInspector();
      await tab.run("window.reports = []; tidemark.on('report', (why) => reports.push(why))");
      await tab.click("#button");
      await tab.run("await tidemark.flush()");
      await expect.poll(async () => (await vector(tab)).click_count).toMatch(/^1\*?$/);
      await tab.click("#button");
      await tab.run("await tidemark.flush()");
      await expect.poll(async () => (await vector(tab)).click_count).toBe("2*");
      expect((await vector(tab)).entry_path).toBe("/strict.html");
      const requests = await tab.run<{ batches: number; vectors: number }>(`
      const names = performance.getEntriesByType("resource").map(({ name }) => name);
      return {
        batches: names.filter((name) => name.endsWith("/v1/events")).length,
        vectors: names.filter((name) => name.includes("/v1/features/")).length,
      };
    `);
      expect(requests.vectors).toBeGreaterThan(1);
      expect(requests.vectors).toBeLessThanOrEqual(requests.batches);
      // Only the two calls of `flush` in this test sent events.
      expect(await tab.run("return reports")).toEqual(["flush", "flush"]);
    },
  );

  it("is excluded from the measurements, and its events do not reach the page", sequential, async ({ expect }) => {
    const tab = await openWithInspector();
    await tab.run("await tidemark.flush()");
    await expect.poll(() => statesOf(tab, "page_view")).toEqual(["acknowledged"]);
    await tab.move("#button");
    await tab.move(inPanel("header h1"));
    await tab.run("window.events = []");
    await tab.click(inPanel("summary"));
    await expect.poll(() => runInPanel(tab, "return panel.querySelector('details').open")).toBe(true);
    await tab.press("Enter");
    await expect.poll(() => runInPanel(tab, "return panel.querySelector('details').open")).toBe(false);
    await tab.press("Tab");
    await tab.wheel(50);
    expect(await tab.run("return events")).toEqual([]);
    await tab.click(inPanel("header button"));
    await expect.poll(() => runInPanel(tab, "return panel.querySelector('main').hidden")).toBe(true);
    await tab.press("Enter");
    await expect.poll(() => runInPanel(tab, "return panel.querySelector('main').hidden")).toBe(false);
    await tab.click("#button");
    await tab.run("await tidemark.flush()");
    await expect.poll(() => statesOf(tab, "click")).toEqual(["acknowledged"]);
    const targets = (await rows(tab)).filter(({ type }) => /click|hover|selection/.test(type));
    expect(targets.filter(({ gist }) => !gist.includes('"id":"button"'))).toEqual([]);
  });

  it("shows the problem when the collector rejects the key", sequential, async ({ expect }) => {
    const tab = await openWithInspector("wrong-key.html");
    await tab.run("await tidemark.flush().catch(() => {})");
    await expect.poll(() => statesOf(tab, "page_view")).toEqual(["dropped"]);
    expect((await rows(tab))[0]?.reason).toMatch(/rejected the whole batch: .*tm_demo_unknownkey.* \(unknown_key\)/);
    const textOf = (selector: string) => runInPanel(tab, `return panel.querySelector("${selector}").textContent`);
    await expect.poll(() => textOf(".problem")).toContain("tm_demo_unknownkey");
    expect(await textOf("section + section [role=status]")).toContain("with the next response of the collector");
    // A read of a session without events would be an error in the console.
    expect(await vectorReads(tab)).toBe(0);
  });

  it(
    "remains when the page replaces its elements, and disappears when it is closed",
    sequential,
    async ({ expect }) => {
      const tab = await openWithInspector();
      await tab.run(`tidemark.track("kept"); await tidemark.flush();`);
      await expect.poll(() => statesOf(tab, "custom")).toEqual(["acknowledged"]);
      await tab.run(`
      document.body.replaceChildren();
      document.body.append(document.querySelector("tidemark-inspector"));
    `);
      await expect.poll(() => statesOf(tab, "custom")).toEqual(["acknowledged"]);
      await tab.click(inPanel("header button:last-of-type"));
      await expect.poll(() => tab.run("return !!document.querySelector('tidemark-inspector')")).toBe(false);
      await tab.run(`tidemark.track("after"); await tidemark.flush();`);
      expect(await tab.run("return (await tidemark.features()).custom_event_count")).toBe(2);
      expect(await tab.run("return violated")).toEqual([]);
    },
  );

  it(
    "shares the page's width with the inspector of another tracker, until that one is closed",
    sequential,
    async ({ expect }) => {
      const tab = await openWithInspector("two.html");
      const positions = () =>
        tab.run<[left: number, right: number][]>(`
        return [...document.querySelectorAll("tidemark-inspector")].map(({ shadowRoot }) => {
          const { left, right } = shadowRoot.querySelector("iframe").getBoundingClientRect();
          return [left / document.documentElement.clientWidth, right / document.documentElement.clientWidth];
        });
      `);
      await expect.poll(positions).toEqual([
        [0, 0.5],
        [0.5, 1],
      ]);
      await tab.click(inPanel("header button:last-of-type"));
      await expect.poll(positions).toEqual([[0, 1]]);
    },
  );

  it("is not loaded by a page without `tidemark_inspect`", sequential, async ({ expect }) => {
    const tab = await open("strict.html");
    await tab.run("await tidemark.flush()");
    const loaded = await tab.run<string[]>("return performance.getEntriesByType('resource').map(({ name }) => name)");
    expect(loaded.filter((url) => url.includes("/tidemark"))).toEqual([`${stack.collector.origin}/tidemark.js`]);
    expect(await tab.run("return !!document.querySelector('tidemark-inspector')")).toBe(false);
  });
});
