import { fileURLToPath } from "node:url";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { afterAll, afterEach, beforeAll, describe, it, vi } from "vitest";
import { type Browser, browserNames, startBrowser, type Tab } from "../browsers/browser.ts";

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ site: fileURLToPath(new URL("pages", import.meta.url)) });
});
afterAll(() => stack?.stop());

/** How long a page may take to start, and how often it is looked at. */
const PATIENCE = { timeout: 10_000, interval: 50 };

/** Selects within the panel, for the pointer. */
const inPanel = (selector: string) => `tidemark-inspector >>> iframe >>> ${selector}`;

/** Runs in the page, with the panel's document as `panel`; gives `otherwise` while there is none. */
const look = <R>(tab: Tab, script: string, otherwise?: R): Promise<R> =>
  tab.run(`
    const panel = document.querySelector("tidemark-inspector")?.shadowRoot.querySelector("iframe").contentDocument;
    if (!panel?.querySelector("main")) return ${JSON.stringify(otherwise ?? null)};
    ${script}
  `);

interface Row {
  state: string;
  type: string;
  gist: string;
  reason: string;
}

/** The rows of the list, the latest first. */
const rows = (tab: Tab) =>
  look<Row[]>(
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
  look<Record<string, number>>(
    tab,
    `return Object.fromEntries(
      [...panel.querySelectorAll(".totals span")].map(({ className, firstChild }) => [className, +firstChild.textContent]),
    )`,
    {},
  );

/** The features by name, as they are written, with a star where the last answer changed them. */
const vector = (tab: Tab) =>
  look<Record<string, string>>(
    tab,
    `return Object.fromEntries(
      [...panel.querySelectorAll("dl > div")].map((row) => [
        row.querySelector("dt").textContent,
        row.querySelector("dd").textContent + (row.querySelector("mark") ? "*" : ""),
      ]),
    )`,
    {},
  );

/** Within a suite, one test after the other. */
const inTurn = { concurrent: false };

// The browsers at the same time: these tests mostly wait. Concurrent tests have an `expect` each.
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

  /** Opens a page for a visitor who was never here: nothing is left of earlier visits. */
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
    await vi.waitUntil(() => tab.run<boolean>("return !!window.tidemark?.flush"), PATIENCE);
    return tab;
  };
  const inspected = async (path = "strict.html") => {
    const tab = await open(`${path}?tidemark_inspect`);
    await vi.waitUntil(() => look(tab, "return true", false), PATIENCE);
    return tab;
  };

  it(
    "follows each event until it is acknowledged, under a strict Content Security Policy",
    inTurn,
    async ({ expect }) => {
      const tab = await inspected();
      await tab.click("#button");
      await expect.poll(() => statesOf(tab, "click")).toEqual(["captured"]);
      await tab.run("await tidemark.flush()");
      await expect.poll(() => statesOf(tab, "click")).toEqual(["acknowledged"]);
      // It was captured before there was a panel.
      expect(await statesOf(tab, "page_view")).toEqual(["acknowledged"]);
      const { captured, sent, acknowledged, rejected, dropped } = await totals(tab);
      expect([sent, acknowledged, rejected, dropped]).toEqual([captured, captured, 0, 0]);
      expect(await look(tab, "return panel.querySelector('.session code').textContent === tidemark.sessionId")).toBe(
        true,
      );
      expect(await tab.run("return violated")).toEqual([]);
    },
  );

  it("says of a rejected event why, and of its neighbours that they were stored", inTurn, async ({ expect }) => {
    const tab = await inspected();
    await tab.run(`tidemark.track("x".repeat(101)); tidemark.track("fine", { count: 1 }); await tidemark.flush();`);
    await expect.poll(() => statesOf(tab, "custom")).toEqual(expect.arrayContaining(["acknowledged", "rejected"]));
    const custom = (await rows(tab)).filter(({ type }) => type === "custom");
    expect(custom.find(({ state }) => state === "acknowledged")).toMatchObject({
      gist: '{"name":"fine","properties":{"count":1}}',
      reason: "",
    });
    expect(custom.find(({ state }) => state === "rejected")?.reason).toMatch(
      /^name: .*100.*got "xxx.*\(invalid_field\)$/,
    );
    expect(await totals(tab)).toMatchObject({ rejected: 1, dropped: 0 });
  });

  it("shows the whole event when its row is opened", inTurn, async ({ expect }) => {
    const tab = await inspected();
    await tab.run(`tidemark.track("opened", { deep: { er: 1 } }); await tidemark.flush();`);
    await expect.poll(() => statesOf(tab, "custom")).toEqual(["acknowledged"]);
    await tab.click(inPanel("li:has(.gist:not(:empty)) summary"));
    const json = () => look<string>(tab, "return panel.querySelector('[open] pre')?.textContent ?? ''", "");
    await expect.poll(json).toContain('"seq"');
    expect(Object.keys(JSON.parse(await json()))).toEqual(expect.arrayContaining(["tab_id", "type", "seq", "time"]));
  });

  it(
    "shows the vector after each answer, with what it changed, and has nothing sent for it",
    inTurn,
    async ({ expect }) => {
      const tab = await inspected();
      await tab.run("window.reports = []; tidemark.on('report', (why) => reports.push(why))");
      await tab.click("#button");
      await tab.run("await tidemark.flush()");
      await expect.poll(async () => (await vector(tab)).click_count).toMatch(/^1\*?$/);
      await tab.click("#button");
      await tab.run("await tidemark.flush()");
      await expect.poll(async () => (await vector(tab)).click_count).toBe("2*");
      expect((await vector(tab)).entry_path).toBe("/strict.html");
      const asked = await tab.run<{ answers: number; readings: number }>(`
      const names = performance.getEntriesByType("resource").map(({ name }) => name);
      return {
        answers: names.filter((name) => name.endsWith("/v1/events")).length,
        readings: names.filter((name) => name.includes("/v1/features/")).length,
      };
    `);
      expect(asked.readings).toBeGreaterThan(1);
      expect(asked.readings).toBeLessThanOrEqual(asked.answers + 1);
      // Those of this test, and no more.
      expect(await tab.run("return reports")).toEqual(["flush", "flush"]);
    },
  );

  it("is no part of what is measured, nor of what the page hears", inTurn, async ({ expect }) => {
    const tab = await inspected();
    await tab.run("await tidemark.flush()");
    await expect.poll(() => statesOf(tab, "page_view")).toEqual(["acknowledged"]);
    await tab.move("#button");
    await tab.move(inPanel("header h1"));
    await tab.run("window.heard = []");
    await tab.click(inPanel("summary"));
    await expect.poll(() => look(tab, "return panel.querySelector('details').open")).toBe(true);
    await tab.press("Enter");
    await expect.poll(() => look(tab, "return panel.querySelector('details').open")).toBe(false);
    await tab.press("Tab");
    await tab.wheel(50);
    expect(await tab.run("return heard")).toEqual([]);
    await tab.click(inPanel("header button"));
    await expect.poll(() => look(tab, "return panel.querySelector('main').hidden")).toBe(true);
    await tab.press("Enter");
    await expect.poll(() => look(tab, "return panel.querySelector('main').hidden")).toBe(false);
    await tab.click("#button");
    await tab.run("await tidemark.flush()");
    await expect.poll(() => statesOf(tab, "click")).toEqual(["acknowledged"]);
    const targets = (await rows(tab)).filter(({ type }) => /click|hover|selection/.test(type));
    expect(targets.filter(({ gist }) => !gist.includes('"id":"button"'))).toEqual([]);
  });

  it("says what is wrong when the collector knows no such key", inTurn, async ({ expect }) => {
    const tab = await inspected("wrong-key.html");
    await tab.run("await tidemark.flush()");
    await expect.poll(() => statesOf(tab, "page_view")).toEqual(["dropped"]);
    expect((await rows(tab))[0]?.reason).toContain("rejected the whole batch");
    const trouble = () => look(tab, "return panel.querySelector('section + section [role=status]').textContent");
    await expect.poll(trouble).toContain("tm_demo_unknownkey");
  });

  it("outlives what the page does to its own elements, and is gone when it is closed", inTurn, async ({ expect }) => {
    const tab = await inspected();
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
  });

  it("stands beside another tracker's, and takes its place when that is closed", inTurn, async ({ expect }) => {
    const tab = await inspected("two.html");
    const places = () =>
      tab.run<[left: number, right: number][]>(`
        return [...document.querySelectorAll("tidemark-inspector")].map(({ shadowRoot }) => {
          const { left, right } = shadowRoot.querySelector("iframe").getBoundingClientRect();
          return [left / document.documentElement.clientWidth, right / document.documentElement.clientWidth];
        });
      `);
    await expect.poll(places).toEqual([
      [0, 0.5],
      [0.5, 1],
    ]);
    await tab.click(inPanel("header button:last-of-type"));
    await expect.poll(places).toEqual([[0, 1]]);
  });

  it("is not loaded by a page that does not ask for it", inTurn, async ({ expect }) => {
    const tab = await open("strict.html");
    await tab.run("await tidemark.flush()");
    const loaded = await tab.run<string[]>("return performance.getEntriesByType('resource').map(({ name }) => name)");
    expect(loaded.filter((url) => url.includes("/tidemark"))).toEqual([`${stack.collector.origin}/tidemark.js`]);
    expect(await tab.run("return !!document.querySelector('tidemark-inspector')")).toBe(false);
  });
});
