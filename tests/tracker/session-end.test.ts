import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";
import { type Captured, captured, capturedOf } from "../signals/test-site.ts";
import { untilIdle } from "../signals/until-idle.ts";

/** Signals that measure times or totals. */
const TOTALS = ["hovers", "scrollDepth", "dwell", "elementDwell", "media", "forms", "errors"];

/** Longer than a session without an event lasts, in milliseconds. */
const IDLE_MS = 31 * 60_000;

/** Longer than a test takes, in milliseconds. */
const TEST_MS = 5 * 60_000;

/** Durations within a page view. */
const DURATION =
  /^(visible|focused|active|engaged|longest|focus|since_start|watched|played|depth_reached)_ms$|_duration$/;

describe("the end of a session", () => {
  inEveryBrowser(({ browser, open, viewOf }) => {
    const causes = async (tab: Tab) => (await capturedOf(tab, "page_view")).map(({ cause }) => cause);

    /** Does something that each of the signals measures. */
    const act = async (tab: Tab) => {
      await tab.click("#name");
      await tab.press("a");
      await tab.click("#fails");
      await tab.run(`
        const state = { duration: 600, paused: false, muted: true };
        const player = document.getElementById("player");
        sdk.reportMedia(player, { ...state, currentTime: 20 });
        sdk.reportMedia(player, { ...state, currentTime: 20.1 });
      `);
      await tab.move({ x: 600, y: 400 });
      await tab.wheel(300);
      await expect.poll(() => tab.run("return scrollY")).toBe(300);
    };

    /** Waits until the signals have observed the last input, and reports their totals. No timer of a signal is running then. */
    const untilReported = (tab: Tab) =>
      tab.run(`
        await new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(() => setTimeout(done))), 250));
        await tracker.flush();
      `);

    it("gives no total of its last page view to the first of the next session", async () => {
      const tab = await open("later.html", { signals: ["pageViews", "clicks", ...TOTALS] });
      await act(tab);
      await untilReported(tab);
      const before = await captured(tab);
      expect(before.map(({ type }) => type)).toEqual(
        expect.arrayContaining(["form_start", "scroll", "dwell", "element_dwell", "error", "video_play"]),
      );
      const session = await tab.run("return tracker.sessionId");

      await tab.run(`later(${IDLE_MS})`);
      await tab.wheel(-300);
      await act(tab);
      await untilReported(tab);
      expect(await tab.run("return tracker.sessionId")).not.toBe(session);
      expect(await causes(tab)).toEqual(["load", "session"]);
      const after = (await captured(tab)).slice(before.length);
      const view = after.find(({ type }) => type === "page_view");
      expect(new Set(after.map(({ view_id }) => view_id))).toEqual(new Set([view?.view_id]));
      const durations = after.flatMap((each) => Object.entries(each).filter(([name]) => DURATION.test(name)));
      expect(durations.filter(([, ms]) => ms > TEST_MS)).toEqual([]);
      const ofType = <T extends Captured["type"]>(type: T) =>
        after.filter((each) => each.type === type) as Captured<T>[];
      expect(Math.max(...ofType("error").map(({ error_count }) => error_count))).toBe(1);
      expect([ofType("form_start").length, ofType("video_play").length]).toEqual([1, 1]);
      for (const { engaged_ms, engaged_delta_ms } of ofType("dwell").slice(0, 1))
        expect(engaged_delta_ms).toBe(engaged_ms);
      for (const { scroll_depth_px, scroll_depth_delta_px } of ofType("scroll").slice(0, 1))
        expect(scroll_depth_delta_px).toBe(scroll_depth_px);
      expect(viewOf(view)).toMatchObject({ title: "Later", canonical_url: expect.stringMatching(/\/canonical$/) });
    });

    it("is followed by no other session until the visitor does something", async () => {
      const tab = await open("later.html", { signals: ["pageViews", ...TOTALS] });
      await act(tab);
      await tab.run("sdk.reportMedia(document.getElementById('player'), { currentTime: 20.1, paused: true })");
      await untilReported(tab);
      const before = await captured(tab);
      await tab.run(`later(${IDLE_MS}); await tracker.flush()`);
      // The driver of WebKitGTK moves the pointer when it opens a tab.
      if (browser !== "webkit") {
        await open("plain.html", { signals: [] });
        await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      }
      expect(await captured(tab)).toEqual(before);
    });

    it.each([
      ["a route change", "history.pushState(null, '', '/shop')", "route"],
      ["a call of page()", "tracker.page()", "manual"],
    ])("is followed by one page view when %s comes first", async (_, action, cause) => {
      const tab = await open("later.html", { signals: ["pageViews", "scrollDepth", "dwell"] });
      await untilReported(tab);
      await tab.run(`later(${IDLE_MS}); ${action}`);
      await expect.poll(() => causes(tab)).toHaveLength(2);
      await tab.move({ x: 600, y: 400 });
      await untilReported(tab);
      expect(await causes(tab)).toEqual(["load", cause]);
      const [first, second] = await capturedOf(tab, "page_view");
      expect(viewOf(second)?.referrer).toBe(cause === "route" ? viewOf(first)?.url : undefined);
      const dwells = (await capturedOf(tab, "dwell")).filter(({ view_id }) => view_id === second?.view_id);
      expect(Math.max(...dwells.map(({ visible_ms }) => visible_ms))).toBeLessThan(TEST_MS);
    });

    it("is followed by one page view when a restore comes first", async () => {
      const tab = await open("later.html", { signals: ["pageViews", "scrollDepth", "dwell"] });
      await untilIdle(tab);
      await tab.run(`location.href = "/other.html?signals="; later(${IDLE_MS})`);
      await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
      await tab.back();
      // The page's own events: Firefox shows a restored page the storage of the time at which it was left.
      const own = () => tab.run<Captured[]>("return captured.filter(({ type }) => type === 'page_view')");
      await expect.poll(async () => (await own()).length).toBe(2);
      await tab.move({ x: 600, y: 400 });
      await untilReported(tab);
      expect((await own()).map((each) => each.type === "page_view" && each.cause)).toEqual(["load", "bfcache"]);
    });
  });
});
