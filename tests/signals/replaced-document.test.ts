import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { VIEWPORT } from "../browsers/viewport.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { captured, capturedOf } from "./test-site.ts";

/** A document of another height than that of `plain.html`, whose paragraph is in view. */
const NEXT = `<!doctype html><html lang="en"><head><title>Next</title></head><body style="margin: 0; height: 3000px">
  <p data-tm-dwell id="text" style="margin: 0">Some words</p><button id="next" type="button">Next</button></body></html>`;

/** Replaces the content of the document. */
const replace = (tab: Tab, html = NEXT) =>
  tab.run(`document.open(); document.write(${JSON.stringify(html)}); document.close()`);

describe("after document.open()", () => {
  inEveryBrowser(({ open }) => {
    const clicked = async (tab: Tab) => (await capturedOf(tab, "click")).map(({ target }) => target.id);

    it("captures each click once, in the same page view, however often the document is replaced", async () => {
      const tab = await open("plain.html");
      await tab.click("#button");
      await replace(tab);
      await tab.click("#next");
      const warnings = await tab.run(`
        const warnings = [];
        console.warn = (...words) => warnings.push(words.join(" "));
        document.open();
        await new Promise((resolve) => setTimeout(resolve));
        dispatchEvent(new Event("scroll"));
        await tracker.flush();
        document.open();
        document.write(${JSON.stringify(NEXT.replace('id="next"', 'id="last"'))});
        document.close();
        return warnings;
      `);
      expect(warnings).toEqual([]);
      await tab.click("#last");
      await expect.poll(() => clicked(tab)).toEqual(["button", "next", "last"]);
      const views = new Set((await captured(tab)).map(({ view_id }) => view_id));
      expect([views.size, (await capturedOf(tab, "page_view")).length]).toEqual([1, 1]);
    });

    it("goes on with scroll depth, dwell and element dwell, and reports them when the page is hidden", async () => {
      const signals = ["pageViews", "scrollDepth", "dwell", "elementDwell"];
      const options = { scrollDepth: { reportEvery: 100 } };
      const tab = await open("plain.html", { signals, options });
      await replace(tab);
      await tab.move({ x: 100, y: 100 });
      await tab.wheel(400);
      await expect
        .poll(async () => (await capturedOf(tab, "scroll")).at(-1))
        .toMatchObject({ scroll_depth_px: VIEWPORT.height + 400, content_height: 3000 });
      const before = (await capturedOf(tab, "dwell")).length;
      await open("other.html", { signals: [] });
      await expect.poll(async () => (await capturedOf(tab, "dwell")).length).toBeGreaterThan(before);
      await expect
        .poll(async () => (await capturedOf(tab, "element_dwell")).map(({ target }) => target.id))
        .toEqual(["text"]);
    });

    it("adds no listener again after the tracker has stopped", async () => {
      const tab = await open("plain.html");
      await tab.run("tracker.stop()");
      const count = (await captured(tab)).length;
      await replace(tab);
      await tab.click("#next");
      expect((await captured(tab)).length).toBe(count);
    });
  });
});
