import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";
import { listenersLeftBy } from "../signals/listeners.ts";
import { captured } from "../signals/test-site.ts";

const SIGNALS = ["pageViews", "clicks", "hovers", "scrollDepth", "dwell", "selections", "errors"];

describe("two trackers", () => {
  inEveryBrowser(({ open }) => {
    /** Starts another tracker on the page, which records its events in `window.others`. Returns the listeners that it adds, by type. */
    const startAnother = (tab: Tab) =>
      tab.run<string[]>(`
      window.others = [];
      const added = [];
      const { addEventListener } = EventTarget.prototype;
      EventTarget.prototype.addEventListener = function (type, ...rest) {
        added.push(type);
        return addEventListener.call(this, type, ...rest);
      };
      const record = ({ on }) => on("event", (event) => others.push(event));
      window.another = sdk.createTracker({
        key: "tm_test_11111111",
        endpoint: location.origin,
        signals: [record, ...${JSON.stringify(SIGNALS)}.map((name) => sdk[name]())],
      });
      EventTarget.prototype.addEventListener = addEventListener;
      return added;
    `);
    const clicksOf = (events: Awaited<ReturnType<typeof captured>>) =>
      events.flatMap((each) => (each.type === "click" ? [{ id: each.target.id, x: each.x, y: each.y }] : []));
    const others = (tab: Tab) => tab.run<Awaited<ReturnType<typeof captured>>>("return others");

    it("with the same key are one, after one warning, until both are stopped", async () => {
      const tab = await open("plain.html", { signals: SIGNALS });
      const result = await tab.run<Record<string, unknown>>(`
        const warnings = [];
        console.warn = (...words) => warnings.push(words.join(" "));
        const copy = await import("/sdk.mjs");
        const create = ({ createTracker, clicks }) =>
          createTracker({ key: "tm_test_00000000", endpoint: location.origin, signals: [clicks()] });
        const trackers = [create(sdk), create(sdk), create(copy)];
        window.others = trackers;
        return { same: trackers.map((each) => each === tracker), warnings };
      `);
      expect(result).toEqual({
        same: [true, true, true],
        // One for each copy of the SDK.
        warnings: Array(2).fill(expect.stringMatching(/createTracker: .* tm_test_00000000/)),
      });
      await tab.click("#button");
      await expect.poll(async () => clicksOf(await captured(tab))).toHaveLength(1);
      await tab.run("for (const each of others) each.stop()");
      await tab.click("#button");
      await expect.poll(async () => clicksOf(await captured(tab))).toHaveLength(2);
      await tab.run("tracker.stop(); tracker.track('stopped')");
      const isAnother = await tab.run(`
        window.another = sdk.createTracker({ key: "tm_test_00000000", endpoint: location.origin });
        return another !== tracker`);
      expect(isAnother).toBe(true);
      expect((await captured(tab)).some(({ type }) => type === "custom")).toBe(false);
    });

    it("capture the same events, with different ids", async () => {
      const tab = await open("plain.html", { signals: SIGNALS });
      await startAnother(tab);
      await tab.click("#button");
      await expect.poll(async () => clicksOf(await others(tab))).toHaveLength(1);
      const [first, second] = [await captured(tab), await others(tab)];
      expect(clicksOf(second)).toEqual(clicksOf(first));
      for (const events of [first, second])
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, number) => number));
      const idsOf = (events: typeof first) => events.flatMap(({ tab_id, view_id }) => [tab_id, view_id]);
      expect(idsOf(second).filter((id) => idsOf(first).includes(id))).toEqual([]);
    });

    it("share one listener per sensor", async () => {
      const tab = await open("plain.html", { signals: SIGNALS });
      const added = await startAnother(tab);
      const shared = ["visibilitychange", "pagehide", "pageshow", "online", "focus", "blur", "keydown", "touchmove"];
      expect(added).toContain("click");
      expect(added.filter((type) => shared.includes(type))).toEqual([]);
    });

    it("continue to measure when one of them is stopped", async () => {
      const tab = await open("plain.html", { signals: SIGNALS });
      await startAnother(tab);
      await tab.run("another.stop()");
      const before = (await others(tab)).length;
      await tab.click("#button");
      await expect.poll(async () => clicksOf(await captured(tab))).toHaveLength(1);
      await tab.run("await tracker.flush()");
      const dwell = (await captured(tab)).findLast(({ type }) => type === "dwell");
      expect(dwell).toMatchObject({ type: "dwell", visible_ms: expect.any(Number) });
      expect((await others(tab)).length).toBe(before);
    });

    it.each(["pageViews", "clicks", "hovers", "scrollDepth", "dwell"])(
      "leave no listener when %s stops",
      async (signal) => {
        const tab = await open("plain.html", { signals: [] });
        // The tracker and the signal share sensors: without the tracker, only the signal has listeners.
        await tab.run("tracker.stop()");
        expect(await listenersLeftBy(tab, signal, "document.body.click();")).toEqual([]);
      },
    );
  });
});
