import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { driverLimits } from "../../scripts/docs/driver-limits.ts";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const measuring = { signals: ["pageViews", "webVitals"] };

/** What each vital is measured by. INP is known by its interactions too. */
const SOURCES = { LCP: "largest-contentful-paint", CLS: "layout-shift", FCP: "paint", TTFB: "navigation" };

/** The vitals that the browser says it can measure. */
const measurable = (tab: Tab) =>
  tab.run<string[]>(`
    const vitals = Object.entries(${JSON.stringify(SOURCES)})
      .filter(([, type]) => PerformanceObserver.supportedEntryTypes.includes(type))
      .map(([vital]) => vital);
    const measuresInteractions = window.PerformanceEventTiming && "interactionId" in PerformanceEventTiming.prototype;
    return [...vitals, ...(measuresInteractions ? ["INP"] : [])].sort();
  `);

const vitals = (tab: Tab) => capturedOf(tab, "web_vital");
const names = async (tab: Tab) => [...new Set((await vitals(tab)).map(({ metric }) => metric))].toSorted();

inEveryBrowser(({ browser, open, url }) => {
  const leave = async (tab: Tab) => {
    await tab.goto(url("plain.html", { signals: ["clicks"] }));
  };
  const use = async (tab: Tab) => {
    // Two frames, so that what is to be measured has been painted.
    await tab.run("await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    await expect.poll(() => names(tab)).toEqual(expect.arrayContaining(["FCP", "TTFB"]));
    await tab.run("shift()");
    await setTimeout(700);
    await tab.click("#slow");
    // web-vitals looks at an interaction in idle time, a second later at most.
    await setTimeout(1_500);
  };

  it("tells all that the browser can measure, in the contract's units", async () => {
    const tab = await open("vitals.html", measuring);
    const expected = await measurable(tab);
    await use(tab);
    await leave(tab);
    expect(await names(tab)).toEqual(expected);

    for (const vital of await vitals(tab)) {
      expect(vital.metric_id).toMatch(/^[\w-]{8,64}$/);
      expect(vital).toMatchObject({ navigation_type: "navigate", delta: vital.value });
    }
    const { LCP, INP, CLS, FCP, TTFB } = Object.fromEntries((await vitals(tab)).map((each) => [each.metric, each]));
    expect(TTFB?.value).toBeGreaterThan(0);
    expect(FCP?.value).toBeGreaterThanOrEqual(TTFB?.value ?? 0);
    if (LCP) expect(LCP.value).toBeGreaterThanOrEqual(FCP?.value ?? 0);
    if (INP) expect(INP.value).toBeGreaterThanOrEqual(96);
    if (CLS) expect(CLS.value).toBeGreaterThan(0);
    if (CLS) expect(CLS.value).toBeLessThan(1);
  });

  it("are those that the list of the drivers' limits leaves, and no others", async () => {
    const tab = await open("vitals.html", measuring);
    const can = await measurable(tab);
    const missing = ["CLS", "FCP", "INP", "LCP", "TTFB"].filter((vital) => !can.includes(vital));
    const listed = driverLimits.filter((each) => each.browser === browser).map(({ untested }) => untested);
    expect(listed.filter((what) => what.startsWith("Web vitals: "))).toEqual(
      missing.length ? [`Web vitals: ${missing.join(", ")}`] : [],
    );
  });

  it("knows how the page was come to", async () => {
    const tab = await open("vitals.html", measuring);
    await expect.poll(async () => (await vitals(tab)).length).toBeGreaterThan(0);
    const before = (await vitals(tab)).length;
    await tab.run("setTimeout(() => location.reload(), 50)");
    await expect
      .poll(async () => (await vitals(tab)).slice(before).map(({ navigation_type }) => navigation_type), {
        timeout: 10_000,
      })
      .toContain("reload");
  });

  it("measures a restore from the back-forward cache anew, in its own view", async () => {
    const tab = await open("vitals.html", measuring);
    await expect.poll(() => names(tab)).toEqual(expect.arrayContaining(["FCP", "TTFB"]));
    await untilIdle(tab);
    await leave(tab);
    await tab.back();
    const restored = async () =>
      (await vitals(tab)).filter(({ navigation_type }) => navigation_type === "back-forward-cache");
    await expect
      .poll(async () => (await restored()).map(({ metric }) => metric))
      .toEqual(expect.arrayContaining(["FCP", "TTFB"]));
    const view = (await capturedOf(tab, "page_view")).at(-1);
    expect(view?.cause).toBe("bfcache");
    const all = await vitals(tab);
    for (const vital of all)
      expect(vital.view_id === view?.view_id).toBe(vital.navigation_type === "back-forward-cache");
    const ids = all.map(({ metric_id }) => metric_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("tells nothing of a page that was not seen, until it is", async () => {
    const tab = await open("plain.html", { signals: ["clicks"] });
    await open("plain.html", { signals: ["clicks"] });
    await tab.run(`location.href = ${JSON.stringify(url("vitals.html", measuring))}`);
    await setTimeout(2_500);
    expect(await tab.run("return [document.title, document.visibilityState]")).toEqual(["Vitals", "hidden"]);
    expect(await vitals(tab)).toEqual([]);
    await tab.front();
    await expect.poll(() => names(tab)).toContain("TTFB");
    const [view] = await capturedOf(tab, "page_view");
    for (const { view_id } of await vitals(tab)) expect(view_id).toBe(view?.view_id);
  });

  it("tells two trackers the same, also the one that began late, and watches the page once for both", async () => {
    const tab = await open("vitals.html", measuring);
    await expect.poll(() => names(tab)).toEqual(expect.arrayContaining(["FCP", "TTFB"]));
    await tab.run(`
      window.watchers = 0;
      const { observe } = PerformanceObserver.prototype;
      PerformanceObserver.prototype.observe = function (...options) {
        window.watchers += 1;
        return observe.apply(this, options);
      };
      window.late = [];
      const hear = ({ on }) => on("event", (event) => late.push(event));
      window.another = sdk.createTracker({ key: "tm_test_11111111", endpoint: location.origin, signals: [hear, sdk.webVitals()] });
    `);
    await use(tab);
    await tab.run(`
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      delete document.visibilityState;
    `);
    const late = await tab.run<Awaited<ReturnType<typeof vitals>>>(
      "return late.filter(({ type }) => type === 'web_vital')",
    );
    const said = ({ metric_id, value }: (typeof late)[number]) => `${metric_id} ${value}`;
    expect(late.map(said).toSorted()).toEqual((await vitals(tab)).map(said).toSorted());
    expect(late.map(({ metric }) => metric).toSorted()).toEqual(await measurable(tab));
    expect(await tab.run("return watchers")).toBe(0);
  });

  it("tells nothing after a stop, while another tracker still hears", async () => {
    const tab = await open("vitals.html", measuring);
    await expect.poll(() => names(tab)).toEqual(expect.arrayContaining(["FCP", "TTFB"]));
    const told = await tab.run<[stopped: number, other: number]>(`
      const counts = { stopped: 0, other: 0 };
      const start = (name) => sdk.webVitals()({ capture: () => { counts[name] += 1; }, on: () => () => {}, beginView: () => ({}) });
      const stop = start("stopped");
      stop();
      start("other");
      const before = { ...counts };
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [counts.stopped - before.stopped, counts.other - before.other];
    `);
    expect(told[0]).toBe(0);
    expect(told[1]).toBeGreaterThan(0);
  });
});
