import { describe, expect, it } from "vitest";
import type { Point, Tab } from "../browsers/browser.ts";
import { expectedEngagement } from "./activity-log.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { pass } from "./stopped-clock.ts";
import { type Captured, capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

/** Tolerance of a total against the activity log on a stopped clock, in milliseconds: times are rounded. */
const ROUNDING = 5;

/**
 * Tolerance of a total against the activity log on the browser's clock, in milliseconds: two listeners receive an event
 * at different times.
 */
const TOLERANCE = 250;

/** Additional tolerance for each interval of activity, because its last input is estimated. In milliseconds. */
const INPUT_TOLERANCE = 100;

const IDLE_AFTER = 1000;

/** The page on the browser's own clock. */
const real: PageSettings = { signals: ["pageViews", "dwell"], options: { dwell: { idleAfter: IDLE_AFTER } } };

const settings: PageSettings = { ...real, clock: "stopped" };

const TOTALS = ["visible_ms", "focused_ms", "active_ms", "engaged_ms"] as const;

/** A time, and the totals then; or the differences of two of them. */
type Totals = Record<"at" | "active_ms" | "engaged_ms", number>;

/** Returns the totals of the current page view, with its start and the current time. */
const read = (tab: Tab) =>
  tab.run<{ startedAt: number; at: number; dwell: Captured<"dwell"> }>(`
    const at = performance.now();
    tracker.flush();
    const { view_id, time } = captured.findLast(({ type }) => type === "page_view");
    const dwell = captured.findLast((event) => event.type === "dwell" && event.view_id === view_id);
    return { startedAt: time - performance.timeOrigin, at, dwell };
  `);

/** Expects that the current page view's totals match the activity log since the page view started. */
const expectActivityLog = async (tab: Tab, tolerance = ROUNDING) => {
  const { startedAt, at, dwell } = await read(tab);
  const { activeCount, ...expected } = await expectedEngagement(tab, startedAt, at, IDLE_AFTER);
  for (const total of TOTALS)
    expect(
      Math.abs(dwell[total] - expected[total]),
      `${total}: ${dwell[total]}, by the activity log ${expected[total]}, in ${activeCount} intervals`,
    ).toBeLessThan(tolerance + activeCount * INPUT_TOLERANCE);
  return { dwell, lasted: at - startedAt };
};

/** Moves the pointer and lets time pass in steps of at most 500 ms, so that the visitor is never idle. */
const keepMoving = async (tab: Tab, ms: number) => {
  for (let left = ms; left > 0; left -= 500) {
    await tab.move({ x: 300 + (left % 7), y: 500 });
    await pass(tab, Math.min(500, left));
  }
};

describe("the signal dwell", () => {
  inEveryBrowser(({ can, open }) => {
    it("counts all four totals while the visitor is active", async () => {
      const tab = await open("clock.html", settings);
      await keepMoving(tab, 2_000);
      const { dwell, lasted } = await expectActivityLog(tab);
      for (const total of TOTALS) expect(Math.abs(dwell[total] - lasted), total).toBeLessThan(ROUNDING);
    });

    it("counts on the browser's clock", async () => {
      const tab = await open("clock.html", real);
      await tab.move({ x: 300, y: 300 });
      await tab.run(`await new Promise((resolve) => setTimeout(resolve, ${IDLE_AFTER + 500}))`);
      const { dwell } = await expectActivityLog(tab, TOLERANCE);
      expect(dwell.engaged_ms).toBeGreaterThanOrEqual(IDLE_AFTER);
      expect(dwell.engaged_ms).toBeLessThan(dwell.visible_ms);
    });

    it("counts the visitor as active until the idle limit after an input", async () => {
      const tab = await open("clock.html", settings);
      await tab.move({ x: 300, y: 300 });
      await pass(tab, 2_500);
      await tab.press("a");
      await pass(tab, 500);
      const { dwell, lasted } = await expectActivityLog(tab);
      expect(Math.abs(dwell.visible_ms - lasted)).toBeLessThan(ROUNDING);
      expect(dwell.engaged_ms).toBeLessThan(lasted - 1_000);
      expect(dwell).toMatchObject({ idle_after_ms: IDLE_AFTER, rule_version: 1 });
    });

    it("counts the visitor as active without input while a hold lasts", async () => {
      const tab = await open("clock.html", settings);
      await pass(tab, IDLE_AFTER + TOLERANCE);
      const [held, after] = await tab.run<[held: Totals, after: Totals]>(`
      const total = () => {
        tracker.flush();
        const { active_ms, engaged_ms } = captured.findLast(({ type }) => type === "dwell");
        return { at: performance.now(), active_ms, engaged_ms };
      };
      const release = sdk.hold();
      const other = sdk.hold();
      const startedAt = total();
      await pass(1000);
      release();
      release();
      await pass(500);
      const held = total();
      other();
      await pass(500);
      const after = total();
      const since = (end, start) =>
        Object.fromEntries(["at", "active_ms", "engaged_ms"].map((each) => [each, end[each] - start[each]]));
      return [since(held, startedAt), since(after, held)];
    `);
      for (const total of ["active_ms", "engaged_ms"] as const) {
        expect(Math.abs(held[total] - held.at)).toBeLessThan(ROUNDING);
        expect(after[total]).toBeLessThan(ROUNDING);
      }
    });

    it("reports when the visitor turns idle, and not again while they are idle", async () => {
      const tab = await open("clock.html", settings);
      await tab.move({ x: 300, y: 300 });
      const dwells = () => capturedOf(tab, "dwell");
      await pass(tab, IDLE_AFTER + 2 * INPUT_TOLERANCE);
      const before = await dwells();
      expect(before.at(-1)?.engaged_ms).toBeGreaterThanOrEqual(IDLE_AFTER);
      await pass(tab, 10 * IDLE_AFTER);
      expect(await dwells()).toEqual(before);
    });

    it("counts nothing while another tab is in front", async () => {
      const tab = await open("clock.html", settings);
      await keepMoving(tab, 500);
      const other = await open("plain.html", { signals: [] });
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      await pass(tab, 2_000);
      await other.move("#button");
      await tab.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
      await keepMoving(tab, 500);
      const { dwell, lasted } = await expectActivityLog(tab);
      expect(Math.abs(dwell.visible_ms - (lasted - 2_000))).toBeLessThan(ROUNDING);
    });

    if (can.windows)
      it("counts the page as visible and not as focused while another window has the focus", async () => {
        const tab = await open("clock.html", settings);
        await tab.run(`
        const popUp = () => open("/frame.html", "", "popup,width=300,height=300");
        document.getElementById("button").addEventListener("click", () => { globalThis.popup = popUp(); });
      `);
        await tab.click("#button");
        await expect.poll(() => tab.run("return document.hasFocus()")).toBe(false);
        await expect.poll(() => tab.run("return activityLog.at(-1).kind")).toBe("blurred");
        await pass(tab, 200);
        const before = await read(tab);
        await pass(tab, 1_500);
        expect(await tab.run("return document.visibilityState")).toBe("visible");
        const { dwell, at } = await read(tab);
        expect(Math.abs(dwell.visible_ms - before.dwell.visible_ms - (at - before.at))).toBeLessThan(ROUNDING);
        expect(dwell.focused_ms - before.dwell.focused_ms).toBeLessThan(ROUNDING);
        await tab.run("popup.close()");
        await expect.poll(() => tab.run("return document.hasFocus()")).toBe(true);
        await expect.poll(() => tab.run("return activityLog.at(-1).kind")).toBe("focused");
        await pass(tab, 500);
        await expectActivityLog(tab);
      });

    it("reports when the page is hidden", async () => {
      const tab = await open("clock.html", settings);
      const { dwell } = await read(tab);
      await keepMoving(tab, 300);
      await open("plain.html", { signals: [] });
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      const last = (await capturedOf(tab, "dwell")).at(-1);
      expect(last?.visible_ms).toBeGreaterThan((dwell?.visible_ms ?? 0) + 200);
    });

    it("keeps counting while the focus is in a frame of the page", async () => {
      const tab = await open("clock.html", settings);
      await tab.click("#frame >>> #framed");
      expect(await tab.run("return document.activeElement.id")).toBe("frame");
      await pass(tab, 200);
      const before = await read(tab);
      await pass(tab, 700);
      const after = await read(tab);
      const span = after.at - before.at;
      expect(Math.abs(after.dwell.focused_ms - before.dwell.focused_ms - span)).toBeLessThan(ROUNDING);
    });

    it.each([
      [
        "has loaded another document",
        `const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
        frame.contentWindow.location.reload();
        await loaded;`,
      ],
      [
        "has opened its document and not closed it",
        `frame.contentDocument.open();
        frame.contentDocument.write("<button id=framed>Button</button>");`,
      ],
    ])("counts input in a frame of the same origin as activity, also after the frame %s", async (_, replace) => {
      const tab = await open("clock.html", settings);
      await tab.click("#frame >>> #framed");
      await tab.run(replace);
      await tab.move("#button");
      const centre = await tab.run<Point>(`
        await pass(${2 * IDLE_AFTER});
        const { left, top, width, height } = frame.getBoundingClientRect();
        return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
      `);
      const activity = async (act: (step: number) => Promise<void>) => {
        const before = await read(tab);
        for (let step = 0; step < 8; step += 1) {
          await act(step);
          await pass(tab, 300);
        }
        const after = await read(tab);
        return after.dwell.active_ms - before.dwell.active_ms - (after.at - before.at);
      };
      const moving = await activity(async (step) => tab.move({ x: centre.x + step * 3, y: centre.y }));
      expect(Math.abs(moving)).toBeLessThan(ROUNDING);
      await tab.click("#frame >>> #framed");
      await pass(tab, 2 * IDLE_AFTER);
      expect(Math.abs(await activity(async () => tab.press("a")))).toBeLessThan(ROUNDING);
    });

    if (can.drop)
      it("counts dragging as activity", async () => {
        const tab = await open("clock.html", settings);
        const { x, y } = await tab.run<Point>(`
          // Otherwise a browser opens a link that is dropped.
          for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
          const { left, top, width, height } = document.querySelector("#link").getBoundingClientRect();
          return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
        `);
        await tab.move({ x, y });
        await pass(tab, 200);
        const before = await read(tab);
        await tab.drag({ x, y }, { x: x + 300, y: y + 200 }, () => pass(tab, 1.5 * IDLE_AFTER));
        const after = await read(tab);
        // The visitor is active after the press and after the move halfway through the drag.
        const active = after.dwell.active_ms - before.dwell.active_ms;
        expect(Math.abs(active - 2 * IDLE_AFTER)).toBeLessThan(ROUNDING + 2 * INPUT_TOLERANCE);
      });

    it("reports totals of the page view, with the engaged time since the last report", async () => {
      const tab = await open("clock.html", {
        ...settings,
        options: { dwell: { idleAfter: IDLE_AFTER, reportEvery: 300 } },
      });
      await keepMoving(tab, 1_500);
      const dwells = await capturedOf(tab, "dwell");
      expect(dwells.length).toBeGreaterThanOrEqual(3);
      for (const [index, { visible_ms }] of dwells.entries())
        expect(visible_ms).toBeGreaterThan(dwells[index - 1]?.visible_ms ?? 0);
      const sum = dwells.reduce((total, { engaged_delta_ms }) => total + engaged_delta_ms, 0);
      expect(sum).toBe(dwells.at(-1)?.engaged_ms);
    });

    it("reports a page view's totals when a route ends it, and starts the next page view from zero", async () => {
      const tab = await open("clock.html", settings);
      await keepMoving(tab, 1_500);
      const before = await read(tab);
      await tab.run("history.pushState(null, '', '/shop')");
      await expect.poll(async () => (await capturedOf(tab, "page_view")).length).toBe(2);
      await keepMoving(tab, 300);
      const { dwell, lasted } = await expectActivityLog(tab);
      expect(dwell.view_id).not.toBe(before.dwell.view_id);
      expect(Math.abs(dwell.visible_ms - lasted)).toBeLessThan(ROUNDING);
      const ended = (await capturedOf(tab, "dwell")).findLast(({ view_id }) => view_id === before.dwell.view_id);
      expect(ended?.visible_ms).toBeGreaterThanOrEqual(before.dwell.visible_ms);
    });

    it("starts from zero when the page is restored from the back-forward cache, and does not count the time between", async () => {
      const tab = await open("clock.html", settings);
      await keepMoving(tab, 500);
      const [first] = await capturedOf(tab, "page_view");
      // The visitor is idle before the last events are sent.
      await pass(tab, 2 * IDLE_AFTER);
      await untilIdle(tab);
      const leftAt = await tab.run<number>(`
        addEventListener("pagehide", () => passFrozen(30_000));
        return performance.now();
      `);
      await tab.click("#link");
      await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
      await tab.back();
      await expect
        .poll(async () => (await capturedOf(tab, "page_view")).map(({ cause }) => cause))
        .toContain("bfcache");
      await keepMoving(tab, 500);
      const { dwell, lasted } = await expectActivityLog(tab);
      expect(dwell.view_id).not.toBe(first?.view_id);
      expect(lasted).toBeLessThan(1_000);
      const ended = (await capturedOf(tab, "dwell")).findLast(({ view_id }) => view_id === first?.view_id);
      expect(ended?.visible_ms).toBeLessThanOrEqual(leftAt);
    });
  });
});
