import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { pass } from "./stopped-clock.ts";
import { capturedOf } from "./test-site.ts";

const settings: PageSettings = { signals: ["pageViews", "elementDwell"], clock: "stopped" };

/**
 * A script that waits until the browser has reported intersections, which it does after it has drawn a frame. It calls
 * all observers in one task.
 */
const SEEN = `
  await new Promise((resolve) => {
    const observer = new IntersectionObserver(() => resolve(observer.disconnect()));
    observer.observe(document.documentElement);
  });
  await pass(0);`;

/** Waits until the browser has reported which elements are in view, and then lets time pass. */
const pause = (tab: Tab, ms: number) => tab.run(`${SEEN} await pass(${ms})`);
const scrollTo = (tab: Tab, top: number) => tab.run(`scrollTo(0, ${top}); ${SEEN}`);

/** Flushes, and returns the latest event of an element. */
const dwellOf = async (tab: Tab, id: string) => {
  await tab.run("tracker.flush()");
  return (await capturedOf(tab, "element_dwell")).findLast(({ target }) => target.id === id);
};

describe("the signal elementDwell", () => {
  inEveryBrowser(({ open }) => {
    it("counts a marked element while it is in view, and no other element", async () => {
      const tab = await open("element-dwell.html", settings);
      await pause(tab, 800);
      const first = await dwellOf(tab, "first");
      expect(first).toMatchObject({
        ...{ visible_ms: 800, stays: 1, share_max: 100 },
        target: { tag: "section", id: "first" },
      });
      expect(first?.longest_ms).toBe(first?.visible_ms);
      const reported = (await capturedOf(tab, "element_dwell")).map(({ target }) => target.id);
      expect([...new Set(reported)]).toEqual(["first"]);
    });

    it("counts an element from half of it on, and each stay", async () => {
      const tab = await open("element-dwell.html", settings);
      await scrollTo(tab, 590);
      await pause(tab, 600);
      expect(await dwellOf(tab, "second")).toBeUndefined();
      await scrollTo(tab, 810);
      await pause(tab, 600);
      await scrollTo(tab, 0);
      await scrollTo(tab, 1000);
      await pause(tab, 300);
      await scrollTo(tab, 0);
      const second = await dwellOf(tab, "second");
      expect(second).toMatchObject({ stays: 2, share_max: 100, longest_ms: 600, visible_ms: 900 });
      await pause(tab, 500);
      expect(await dwellOf(tab, "second")).toEqual(second);
    });

    it("counts an element that is larger than the viewport when it fills half of the viewport", async () => {
      const tab = await open("element-dwell.html", settings);
      await scrollTo(tab, 2800 - 470);
      await pause(tab, 400);
      expect(await dwellOf(tab, "long")).toBeUndefined();
      await scrollTo(tab, 2800 - 300);
      await pause(tab, 400);
      const long = await dwellOf(tab, "long");
      expect(long).toMatchObject({ stays: 1, visible_ms: 400 });
      expect(long?.share_max).toBeGreaterThan(6);
      expect(long?.share_max).toBeLessThan(10);
    });

    it("reports on flush, when the page is hidden and when the page view ends, and only changed totals", async () => {
      const tab = await open("element-dwell.html", settings);
      const reported = async () => (await capturedOf(tab, "element_dwell")).map(({ target }) => target.id);
      await pause(tab, 300);
      await dwellOf(tab, "first");
      await scrollTo(tab, 5000);
      await pass(tab, 100);
      await dwellOf(tab, "long");
      await tab.run("tracker.flush()");
      expect(await reported()).toEqual(["first", "long"]);
      await pass(tab, 100);
      await open("plain.html", { signals: [] });
      await expect.poll(reported).toEqual(["first", "long", "long"]);
      await tab.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
      await pause(tab, 100);
      await tab.run("tracker.page()");
      expect(await reported()).toEqual(["first", "long", "long", "long"]);
      expect(new Set((await capturedOf(tab, "element_dwell")).map(({ view_id }) => view_id)).size).toBe(1);
    });

    it("adds nothing while the page is hidden, and starts another stay afterwards", async () => {
      const tab = await open("element-dwell.html", settings);
      await pause(tab, 300);
      await open("plain.html", { signals: [] });
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      await pass(tab, 3_000);
      await tab.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
      await pause(tab, 200);
      expect(await dwellOf(tab, "first")).toMatchObject({ stays: 2, visible_ms: 500, longest_ms: 300 });
    });

    it("starts from zero with each page view", async () => {
      const tab = await open("element-dwell.html", settings);
      await pause(tab, 1_500);
      await tab.run("tracker.page()");
      await pause(tab, 300);
      const first = await dwellOf(tab, "first");
      expect(first).toMatchObject({ visible_ms: 300, stays: 1, share_max: 100 });
    });

    it("finds elements that are added later, also inside an added element and while the page is hidden", async () => {
      const tab = await open("element-dwell.html", settings);
      await tab.run(
        "document.body.insertAdjacentHTML('afterbegin', '<p id=later data-tm-dwell>Text</p><div><p id=inner data-tm-dwell>Text</p></div>')",
      );
      await pause(tab, 400);
      for (const id of ["later", "inner"]) expect(await dwellOf(tab, id)).toMatchObject({ visible_ms: 400 });
      const other = await open("plain.html", { signals: [] });
      await tab.front();
      await tab.run(
        `addEventListener('visibilitychange', () => {
        if (document.hidden) document.body.insertAdjacentHTML('afterbegin', '<p id=hidden data-tm-dwell>Text</p>');
      })`,
      );
      await other.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      await tab.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
      await pause(tab, 300);
      expect(await dwellOf(tab, "hidden")).toMatchObject({ visible_ms: 300 });
    });

    it("counts an element that is marked later from then on, until the attribute is removed", async () => {
      const tab = await open("element-dwell.html", settings);
      await pause(tab, 800);
      await tab.run("document.querySelector('#unmarked').scrollIntoView()");
      await pause(tab, 800);
      await tab.run("document.querySelector('#unmarked').setAttribute('data-tm-dwell', '')");
      await pause(tab, 500);
      await tab.run("document.querySelector('#unmarked').removeAttribute('data-tm-dwell')");
      await pause(tab, 100);
      const marked = await dwellOf(tab, "unmarked");
      expect(marked).toMatchObject({ visible_ms: 500, stays: 1 });
      await pause(tab, 500);
      expect(await dwellOf(tab, "unmarked")).toEqual(marked);
    });

    it("continues the stay when the attribute is removed and set again at once", async () => {
      const tab = await open("element-dwell.html", settings);
      await pause(tab, 300);
      await tab.run(`
      const first = document.querySelector('#first');
      first.removeAttribute('data-tm-dwell');
      first.setAttribute('data-tm-dwell', '')`);
      await pause(tab, 300);
      const first = await dwellOf(tab, "first");
      expect(first).toMatchObject({ visible_ms: 600, stays: 1 });
    });

    it("counts an element until it is removed from the document", async () => {
      const tab = await open("element-dwell.html", settings);
      await pause(tab, 300);
      await tab.run("document.querySelector('#first').remove()");
      await pause(tab, 100);
      const first = await dwellOf(tab, "first");
      await pause(tab, 500);
      expect(await dwellOf(tab, "first")).toEqual(first);
      expect(first?.target.path).toBe("#first");
    });

    it("does nothing without an IntersectionObserver or inside data-tm-ignore, and leaves no listener", async () => {
      const tab = await open("element-dwell.html", settings);
      const calls = await tab.run(`
      const observer = window.IntersectionObserver;
      delete window.IntersectionObserver;
      // The SDK takes the platform's names when it is loaded.
      const { elementDwell } = await import(location.origin + "/sdk.mjs");
      window.IntersectionObserver = observer;
      const calls = [];
      elementDwell()({ capture: (type) => calls.push(type), on: (type) => { calls.push(type); return () => {}; }, runs() {} })();
      return calls`);
      expect(calls).toEqual([]);
      await tab.run(
        "document.body.insertAdjacentHTML('afterbegin', '<div data-tm-ignore><p id=ignored data-tm-dwell>Text</p></div>')",
      );
      await pause(tab, 300);
      expect(await dwellOf(tab, "ignored")).toBeUndefined();
      // The request with the last events of a stopped tracker listens until it ends.
      await tab.run("tracker.stop(); await tracker.flush()");
      expect(await listenersLeftBy(tab, "elementDwell", "")).toEqual([]);
    });
  });
});
