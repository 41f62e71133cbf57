import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { expectedEngagement } from "./activity-log.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { type Captured, capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

/** How far a total may be from the activity log's, in milliseconds: events of one moment reach two listeners at two times. */
const TOLERANCE = 250;

/** How far each spell of activity but the first may add to that: its last input is not heard, and taken to be in the middle of a pulse. */
const PULSE_TOLERANCE = 100;

const IDLE_AFTER = 1000;

const measuring = { signals: ["pageViews", "dwell"], options: { dwell: { idleAfter: IDLE_AFTER } } };

const TOTALS = ["visible_ms", "focused_ms", "active_ms", "engaged_ms"] as const;

/** How much time went by, and how much was added to totals. */
type Totals = Record<"at" | "active_ms" | "engaged_ms", number>;

/** The totals of the current view, now, and when that is. */
const read = (tab: Tab) =>
  tab.run<{ begun: number; at: number; dwell: Captured<"dwell"> }>(`
    const at = performance.now();
    tracker.flush();
    const { view_id, time } = captured.findLast(({ type }) => type === "page_view");
    const dwell = captured.findLast((event) => event.type === "dwell" && event.view_id === view_id);
    return { begun: time - performance.timeOrigin, at, dwell };
  `);

/** Expects the current view's totals to be what the activity log holds since the view began. */
const expectTruth = async (tab: Tab) => {
  const { begun, at, dwell } = await read(tab);
  const { spells, ...truth } = await expectedEngagement(tab, begun, at, IDLE_AFTER);
  for (const total of TOTALS)
    expect(
      Math.abs(dwell[total] - truth[total]),
      `${total}: ${dwell[total]}, by the activity log ${truth[total]}, in ${spells} spells`,
    ).toBeLessThan(TOLERANCE + (spells - 1) * PULSE_TOLERANCE);
  return { dwell, lasted: at - begun };
};

/** Moves about for a while, so that the visitor is never idle. */
const moveAbout = async (tab: Tab, ms: number) => {
  for (const until = Date.now() + ms; Date.now() < until; await setTimeout(100))
    await tab.move({ x: 300 + Math.floor(Math.random() * 100), y: 300 });
};

inEveryBrowser(({ can, open }) => {
  it("counts all four while the visitor is there and acts", async () => {
    const tab = await open("clock.html", measuring);
    await moveAbout(tab, 2_000);
    const { dwell, lasted } = await expectTruth(tab);
    for (const total of TOTALS) expect(Math.abs(dwell[total] - lasted), total).toBeLessThan(TOLERANCE);
  });

  it("counts as active what is less than the idle limit after an input, and no more", async () => {
    const tab = await open("clock.html", measuring);
    await tab.move({ x: 300, y: 300 });
    await setTimeout(2_500);
    await tab.press("a");
    await setTimeout(500);
    const { dwell, lasted } = await expectTruth(tab);
    expect(dwell.visible_ms).toBeGreaterThan(lasted - TOLERANCE);
    expect(dwell.engaged_ms).toBeLessThan(lasted - 1_000);
    expect(dwell).toMatchObject({ idle_after_ms: IDLE_AFTER, rule_version: 1 });
  });

  it("keeps the visitor active without input while somebody holds the page, and no longer", async () => {
    const tab = await open("clock.html", measuring);
    await setTimeout(IDLE_AFTER + TOLERANCE);
    const [held, after] = await tab.run<[held: Totals, after: Totals]>(`
      const total = () => {
        tracker.flush();
        const { active_ms, engaged_ms } = captured.findLast(({ type }) => type === "dwell");
        return { at: performance.now(), active_ms, engaged_ms };
      };
      const release = sdk.hold();
      const other = sdk.hold();
      const begun = total();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      release();
      release();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const held = total();
      other();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const after = total();
      const since = (end, start) =>
        Object.fromEntries(["at", "active_ms", "engaged_ms"].map((each) => [each, end[each] - start[each]]));
      return [since(held, begun), since(after, held)];
    `);
    for (const total of ["active_ms", "engaged_ms"] as const) {
      expect(Math.abs(held[total] - held.at)).toBeLessThan(TOLERANCE);
      expect(after[total]).toBeLessThan(TOLERANCE);
    }
  });

  it("reports by itself when the visitor turns idle, and is silent from then on", async () => {
    const tab = await open("clock.html", measuring);
    await tab.move({ x: 300, y: 300 });
    const dwells = () => capturedOf(tab, "dwell");
    await expect.poll(async () => (await dwells()).length, { timeout: 3_000 }).toBeGreaterThan(0);
    await setTimeout(IDLE_AFTER + TOLERANCE);
    const before = await dwells();
    await setTimeout(2_000);
    expect(await dwells()).toEqual(before);
    expect(before.at(-1)?.engaged_ms).toBeGreaterThanOrEqual(IDLE_AFTER);
  });

  it("counts nothing while another tab is in front", async () => {
    const tab = await open("clock.html", measuring);
    await moveAbout(tab, 500);
    const other = await open("plain.html", { signals: [] });
    await setTimeout(2_000);
    await other.move("#button");
    await tab.front();
    await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
    await moveAbout(tab, 500);
    const { dwell, lasted } = await expectTruth(tab);
    expect(dwell.visible_ms).toBeLessThan(lasted - 2_000);
    expect(dwell.visible_ms).toBeGreaterThan(800);
  });

  if (can.windows)
    it("counts as visible and not as focused while another window has the focus", async () => {
      const tab = await open("clock.html", measuring);
      await tab.run(`
        const popUp = () => open("/frame.html", "", "popup,width=300,height=300");
        document.getElementById("button").addEventListener("click", () => { globalThis.popup = popUp(); });
      `);
      await tab.click("#button");
      await expect.poll(() => tab.run("return document.hasFocus()")).toBe(false);
      const before = await read(tab);
      await setTimeout(1_500);
      expect(await tab.run("return document.visibilityState")).toBe("visible");
      const { dwell, at } = await read(tab);
      expect(Math.abs(dwell.visible_ms - before.dwell.visible_ms - (at - before.at))).toBeLessThan(TOLERANCE);
      expect(dwell.focused_ms - before.dwell.focused_ms).toBeLessThan(TOLERANCE);
      await tab.run("popup.close()");
      await expect.poll(() => tab.run("return document.hasFocus()")).toBe(true);
      await setTimeout(500);
      await expectTruth(tab);
    });

  it("reports when the page is hidden", async () => {
    const tab = await open("clock.html", measuring);
    const { dwell } = await read(tab);
    await moveAbout(tab, 300);
    await open("plain.html", { signals: [] });
    await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
    const last = (await capturedOf(tab, "dwell")).at(-1);
    expect(last?.visible_ms).toBeGreaterThan((dwell?.visible_ms ?? 0) + 200);
  });

  it("keeps counting while the focus is in a frame of the page", async () => {
    const tab = await open("clock.html", measuring);
    await tab.click("#frame >>> #framed");
    expect(await tab.run("return document.activeElement.id")).toBe("frame");
    const before = await read(tab);
    await setTimeout(700);
    const after = await read(tab);
    const span = after.at - before.at;
    expect(Math.abs(after.dwell.focused_ms - before.dwell.focused_ms - span)).toBeLessThan(TOLERANCE);
  });

  it("states totals of the view each time, with what was engaged since the last", async () => {
    const tab = await open("clock.html", {
      ...measuring,
      options: { dwell: { idleAfter: IDLE_AFTER, reportEvery: 300 } },
    });
    await moveAbout(tab, 1_500);
    const dwells = await capturedOf(tab, "dwell");
    expect(dwells.length).toBeGreaterThanOrEqual(3);
    for (const [index, { visible_ms }] of dwells.entries())
      expect(visible_ms).toBeGreaterThan(dwells[index - 1]?.visible_ms ?? 0);
    const sum = dwells.reduce((so, { engaged_delta_ms }) => so + engaged_delta_ms, 0);
    expect(sum).toBe(dwells.at(-1)?.engaged_ms);
  });

  it("reports a view's totals when a route ends it, and starts the next from zero", async () => {
    const tab = await open("clock.html", measuring);
    await moveAbout(tab, 1_500);
    const before = await read(tab);
    await tab.run("history.pushState(null, '', '/shop')");
    await expect.poll(async () => (await capturedOf(tab, "page_view")).length).toBe(2);
    await moveAbout(tab, 300);
    const { dwell, lasted } = await expectTruth(tab);
    expect(dwell.view_id).not.toBe(before.dwell.view_id);
    expect(dwell.visible_ms).toBeLessThan(lasted + TOLERANCE);
    const ended = (await capturedOf(tab, "dwell")).findLast(({ view_id }) => view_id === before.dwell.view_id);
    expect(ended?.visible_ms).toBeGreaterThanOrEqual(before.dwell.visible_ms);
  });

  it("starts from zero when the page comes back from the back-forward cache, and counts nothing of the time between", async () => {
    const tab = await open("clock.html", measuring);
    await moveAbout(tab, 500);
    const [first] = await capturedOf(tab, "page_view");
    await untilIdle(tab);
    const leftAt = await tab.run<number>("return performance.now()");
    await tab.click("#link");
    await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
    await setTimeout(1_500);
    await tab.back();
    await expect.poll(async () => (await capturedOf(tab, "page_view")).map(({ cause }) => cause)).toContain("bfcache");
    await moveAbout(tab, 500);
    const { dwell, lasted } = await expectTruth(tab);
    expect(dwell.view_id).not.toBe(first?.view_id);
    expect(lasted).toBeLessThan(5_000);
    const ended = (await capturedOf(tab, "dwell")).findLast(({ view_id }) => view_id === first?.view_id);
    expect(ended?.visible_ms).toBeLessThan(leftAt + 1_000);
  });
});
