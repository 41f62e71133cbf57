import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { driverLimits } from "../../scripts/docs/driver-limits.ts";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const settings = { signals: ["pageViews", "webVitals"] };

/** The type of performance entry for each vital. INP also needs `interactionId`. */
const SOURCES = { LCP: "largest-contentful-paint", CLS: "layout-shift", FCP: "paint", TTFB: "navigation" };

/** The vitals that the browser supports. */
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

/** The vitals that were captured, and what TTFB depends on: a failure shows it. */
const measured = async (tab: Tab) => ({
  names: await names(tab),
  navigation: await tab.run(`
    const [entry] = performance.getEntriesByType("navigation");
    return entry && { responseStart: entry.responseStart, now: performance.now(), readyState: document.readyState };
  `),
});
const FIRST = { names: expect.arrayContaining(["FCP", "TTFB"]) };

describe("the signal webVitals", () => {
  inEveryBrowser(({ browser, open, url }) => {
    /**
     * Opens the page. Browsers sometimes report the first byte at 0, before it or after the load, and web-vitals reports no
     * TTFB then (https://github.com/GoogleChrome/web-vitals/issues/137). Such a page is opened again.
     */
    const openVitals = async (): Promise<Tab> => {
      const tab = await open("vitals.html", settings);
      const hasFirstByte = await tab.run<boolean>(`
        const [{ responseStart, loadEventStart }] = performance.getEntriesByType("navigation");
        return responseStart > 0 && responseStart < loadEventStart;
      `);
      return hasFirstByte ? tab : openVitals();
    };
    const leave = async (tab: Tab) => {
      await tab.goto(url("plain.html", { signals: ["clicks"] }));
    };
    const use = async (tab: Tab) => {
      // Two frames, so that the page has been painted.
      await tab.run("await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
      await expect.poll(() => measured(tab)).toMatchObject(FIRST);
      await tab.run("shift()");
      await setTimeout(700);
      await tab.click("#slow");
      // web-vitals handles an interaction in idle time, at most a second later.
      await setTimeout(1_500);
    };

    it("captures every vital that the browser supports, in the contract's units", async () => {
      const tab = await openVitals();
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

    it("supports exactly the vitals that are not in the list of limits", async () => {
      const tab = await openVitals();
      const can = await measurable(tab);
      const missing = ["CLS", "FCP", "INP", "LCP", "TTFB"].filter((vital) => !can.includes(vital));
      const listed = driverLimits.filter((each) => each.browser === browser).map(({ untested }) => untested);
      expect(listed.filter((what) => what.startsWith("Web vitals: "))).toEqual(
        missing.length ? [`Web vitals: ${missing.join(", ")}`] : [],
      );
    });

    it("reports the type of the navigation", async () => {
      const tab = await openVitals();
      await expect.poll(async () => (await vitals(tab)).length).toBeGreaterThan(0);
      const before = (await vitals(tab)).length;
      await tab.run("setTimeout(() => location.reload(), 50)");
      await expect
        .poll(async () => (await vitals(tab)).slice(before).map(({ navigation_type }) => navigation_type))
        .toContain("reload");
    });

    it("measures a restore from the back-forward cache again, in its own page view", async () => {
      const tab = await openVitals();
      await expect.poll(() => measured(tab)).toMatchObject(FIRST);
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

    it("captures nothing of a page that was never visible, until it is", async () => {
      const tab = await open("plain.html", { signals: ["clicks"] });
      await open("plain.html", { signals: ["clicks"] });
      await tab.run(`location.href = ${JSON.stringify(url("vitals.html", settings))}`);
      await setTimeout(2_500);
      expect(await tab.run("return [document.title, document.visibilityState]")).toEqual(["Vitals", "hidden"]);
      expect(await vitals(tab)).toEqual([]);
      await tab.front();
      await expect.poll(() => names(tab)).toContain("TTFB");
      const [view] = await capturedOf(tab, "page_view");
      for (const { view_id } of await vitals(tab)) expect(view_id).toBe(view?.view_id);
    });

    it("captures the same in two trackers, also in one that starts late, with one set of observers", async () => {
      const tab = await openVitals();
      await expect.poll(() => measured(tab)).toMatchObject(FIRST);
      await tab.run(`
      window.observers = 0;
      const { observe } = PerformanceObserver.prototype;
      PerformanceObserver.prototype.observe = function (...options) {
        window.observers += 1;
        return observe.apply(this, options);
      };
      window.late = [];
      const listen = ({ on }) => on("event", (event) => late.push(event));
      window.another = sdk.createTracker({ key: "tm_test_11111111", endpoint: location.origin, signals: [listen, sdk.webVitals()] });
    `);
      await use(tab);
      await tab.run(`
      const getter = Object.getOwnPropertyDescriptor(Document.prototype, "visibilityState");
      Object.defineProperty(Document.prototype, "visibilityState", { ...getter, get: () => "hidden" });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      Object.defineProperty(Document.prototype, "visibilityState", getter);
    `);
      const late = await tab.run<Awaited<ReturnType<typeof vitals>>>(
        "return late.filter(({ type }) => type === 'web_vital')",
      );
      const brief = ({ metric_id, value }: (typeof late)[number]) => `${metric_id} ${value}`;
      expect(late.map(brief).toSorted()).toEqual((await vitals(tab)).map(brief).toSorted());
      expect(late.map(({ metric }) => metric).toSorted()).toEqual(await measurable(tab));
      expect(await tab.run("return observers")).toBe(0);
    });

    it("captures nothing after a stop, while another tracker still does", async () => {
      const tab = await openVitals();
      await expect.poll(() => measured(tab)).toMatchObject(FIRST);
      const counts = await tab.run<[stopped: number, other: number]>(`
      const counts = { stopped: 0, other: 0 };
      const start = (name) => sdk.webVitals()({ capture: () => { counts[name] += 1; }, on: () => () => {}, beginView: () => ({}), runs() {} });
      const stop = start("stopped");
      stop();
      start("other");
      const before = { ...counts };
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [counts.stopped - before.stopped, counts.other - before.other];
    `);
      expect(counts[0]).toBe(0);
      expect(counts[1]).toBeGreaterThan(0);
    });
  });
});
