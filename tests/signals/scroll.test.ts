import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { VIEWPORT } from "../browsers/viewport.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const measuring = { signals: ["pageViews", "scrollDepth"], options: { scrollDepth: { reportEvery: 200 } } };

/** The height of what the long page and the inner scroller hold, in CSS pixels. */
const CONTENT = 4000;

/** Where the page itself scrolls, as an expression. */
const PAGE = "document.scrollingElement";

inEveryBrowser(({ open, can }) => {
  const scrolls = (tab: Tab) => capturedOf(tab, "scroll");

  /** What has been measured of the current view up to now. */
  const measured = async (tab: Tab) => {
    await tab.run("tracker.flush()");
    const last = (await scrolls(tab)).at(-1);
    if (!last) throw new Error("There is no scroll event.");
    return last;
  };

  /** Waits until the geometry has been read, which is done at most 200 ms later and after a frame. */
  const settle = (tab: Tab) =>
    tab.run(`
      await new Promise((resolve) => setTimeout(resolve, 250));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => setTimeout(resolve))));
    `);

  /** Turns the wheel until a scroller stands there, in CSS pixels from its top. */
  const wheelTo = async (tab: Tab, top: number, scroller = PAGE) => {
    const offset = () => tab.run<number>(`return Math.round(${scroller}.scrollTop)`);
    for (let at = await offset(); Math.abs(top - at) > 1; at = await offset()) {
      const turn = Math.sign(top - at) * Math.min(400, Math.abs(top - at));
      await tab.wheel(turn);
      await expect.poll(offset).toBeOneOf([at + turn - 1, at + turn, at + turn + 1]);
    }
    await settle(tab);
  };

  /** One point of a percent is what browsers may differ by. */
  const expectShare = (share: number, expected: number) =>
    expect(Math.abs(share - expected), `${share}`).toBeLessThan(1);

  it("says what of a long page is seen before anybody scrolls", async () => {
    const tab = await open("long.html", measuring);
    const { scroll_depth_percentage, ...scroll } = await measured(tab);
    expectShare(scroll_depth_percentage, (VIEWPORT.height / CONTENT) * 100);
    expect(scroll).toMatchObject({
      scroll_depth_px: VIEWPORT.height,
      scroll_depth_delta_px: VIEWPORT.height,
      viewport_height: VIEWPORT.height,
      content_height: CONTENT,
      reversals: 0,
    });
  });

  it("reaches 60 % of a long page, sticky header or not, and keeps the depth on the way back", async () => {
    const tab = await open("long.html", measuring);
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 1600);
    const down = await measured(tab);
    expectShare(down.scroll_depth_percentage, 60);
    expectShare(down.scroll_percentage, 60);
    expect(down.depth_reached_ms).toBeGreaterThan(0);
    await wheelTo(tab, 400);
    const up = await measured(tab);
    expectShare(up.scroll_depth_percentage, 60);
    expectShare(up.scroll_percentage, 30);
    expect(up.depth_reached_ms).toBe(down.depth_reached_ms);
    expect(up.scroll_depth_delta_px).toBe(0);
    const deltas = (await scrolls(tab)).map(({ scroll_depth_delta_px }) => scroll_depth_delta_px);
    expect(deltas.reduce((sum, delta) => sum + delta, 0)).toBe(up.scroll_depth_px);
  });

  it("says 100 at once where all is seen", async () => {
    const tab = await open("short.html", measuring);
    expect(await measured(tab)).toMatchObject({ scroll_depth_percentage: 100, scroll_percentage: 100, reversals: 0 });
  });

  it("takes overscroll at either end for the end", async () => {
    const tab = await open("long.html", measuring);
    await tab.move({ x: 600, y: 400 });
    await tab.wheel(-500);
    await wheelTo(tab, CONTENT - VIEWPORT.height);
    await tab.wheel(500);
    await tab.wheel(500);
    await settle(tab);
    expect(await measured(tab)).toMatchObject({
      scroll_depth_percentage: 100,
      scroll_depth_px: CONTENT,
      scroll_percentage: 100,
      reversals: 0,
    });
  });

  it("counts changes of direction", async () => {
    const tab = await open("long.html", measuring);
    await tab.move({ x: 600, y: 400 });
    for (const top of [800, 400, 1200, 1600, 800]) await wheelTo(tab, top);
    expect(await measured(tab)).toMatchObject({ reversals: 3 });
  });

  it("says a smaller share when the page grows", async () => {
    const tab = await open("long.html", measuring);
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, CONTENT - VIEWPORT.height);
    expect((await measured(tab)).scroll_depth_percentage).toBe(100);
    await tab.run(`document.getElementById("content").style.height = "${2 * CONTENT - 60}px"`);
    await settle(tab);
    const { scroll_depth_percentage, scroll_depth_px, content_height } = await measured(tab);
    expectShare(scroll_depth_percentage, 50);
    expect([scroll_depth_px, content_height]).toEqual([CONTENT, 2 * CONTENT]);
  });

  it("never says more than 100 when the page shrinks", async () => {
    const tab = await open("long.html", measuring);
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 2000);
    await tab.run(`document.getElementById("content").style.height = "1940px"`);
    await settle(tab);
    expect(await measured(tab)).toMatchObject({ scroll_depth_percentage: 100, content_height: 2000 });
  });

  it("measures a list that keeps only the rows in sight by the height that it pretends to have", async () => {
    const tab = await open("long.html", measuring);
    await tab.run(`
      const list = document.getElementById("content");
      list.style.position = "relative";
      const draw = () => {
        const first = Math.max(0, Math.floor(scrollY / 40) - 2);
        list.replaceChildren(...Array.from({ length: 24 }, (_, row) => {
          const line = document.createElement("p");
          line.textContent = "row " + (first + row);
          Object.assign(line.style, { position: "absolute", margin: 0, height: "40px", top: (first + row) * 40 + "px" });
          return line;
        }));
      };
      addEventListener("scroll", draw);
      draw();
    `);
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 1600);
    const { scroll_depth_percentage, content_height, reversals } = await measured(tab);
    expectShare(scroll_depth_percentage, 60);
    expect({ content_height, reversals }).toEqual({ content_height: CONTENT, reversals: 0 });
  });

  if (can.pinch)
    it("takes zooming in with two fingers for no scrolling", async () => {
      const tab = await open("long.html", measuring);
      const before = await measured(tab);
      await tab.pinch(2);
      await expect.poll(() => tab.run<number>("return visualViewport.scale")).toBeGreaterThan(1.5);
      await settle(tab);
      const { scroll_depth_percentage, viewport_height, content_height, reversals } = await measured(tab);
      expect({ scroll_depth_percentage, viewport_height, content_height, reversals }).toEqual({
        scroll_depth_percentage: before.scroll_depth_percentage,
        viewport_height: before.viewport_height,
        content_height: before.content_height,
        reversals: 0,
      });
    });

  it("measures the inner scroller that fills a page which stands still, before and after it is scrolled", async () => {
    const tab = await open("inner.html", measuring);
    expectShare((await measured(tab)).scroll_depth_percentage, 20);
    await tab.move({ x: 700, y: 400 });
    await wheelTo(tab, 1600, "inner");
    const { scroll_depth_percentage, content_height } = await measured(tab);
    expectShare(scroll_depth_percentage, 60);
    expect(content_height).toBe(CONTENT);
  });

  describe.each([
    ["long.html", 20],
    ["short.html", 100],
    ["inner.html", 20],
  ])("%s", (page, share) => {
    it("is not measured by the small scroller of a dialog", async () => {
      const tab = await open(page, measuring);
      await settle(tab);
      await tab.run("dialog.showModal()");
      await tab.move("#small");
      await wheelTo(tab, 1600, "small");
      expectShare((await measured(tab)).scroll_depth_percentage, share);
    });
  });

  it("is measured by the page where that scrolls, however large another scroller is", async () => {
    const tab = await open("long.html", measuring);
    await tab.run("small.style.width = '1000px'; small.style.height = '600px'; dialog.show()");
    await tab.move("#small");
    await wheelTo(tab, 800, "small");
    const { scroll_depth_percentage, content_height } = await measured(tab);
    expectShare(scroll_depth_percentage, 20);
    expect(content_height).toBe(CONTENT);
  });

  it("is measured by the page from the moment that the page itself scrolls", async () => {
    const tab = await open("inner.html", measuring);
    await tab.move({ x: 700, y: 400 });
    await wheelTo(tab, 400, "inner");
    expectShare((await measured(tab)).scroll_depth_percentage, 30);
    await tab.run(
      "document.body.style.overflow = 'visible'; document.body.style.height = '8000px'; inner.style.flex = 'none'; inner.style.height = '800px'; inner.style.width = '900px'",
    );
    await settle(tab);
    expect(await measured(tab)).toMatchObject({ content_height: 8000 });
  });

  it("is not measured by a horizontal scroller", async () => {
    const tab = await open("short.html", measuring);
    await tab.run("carousel.scrollLeft = 1000");
    await settle(tab);
    await tab.run("carousel.scrollLeft = 200");
    await settle(tab);
    expect(await tab.run("return carousel.scrollLeft")).toBe(200);
    expect(await measured(tab)).toMatchObject({ scroll_depth_percentage: 100, reversals: 0 });
  });

  it("reports by itself, at most as often as it was told", async () => {
    const reportEvery = 700;
    const tab = await open("long.html", { ...measuring, options: { scrollDepth: { reportEvery } } });
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 2800);
    await expect.poll(async () => (await scrolls(tab)).at(-1)?.scroll_depth_px).toBe(3600);
    for (const [index, { time }] of (await scrolls(tab)).entries())
      expect(time - ((await scrolls(tab))[index - 1]?.time ?? 0)).toBeGreaterThanOrEqual(reportEvery - 5);
  });

  it("reports a last movement that was made just after a report", async () => {
    const tab = await open("long.html", { ...measuring, options: { scrollDepth: { reportEvery: 150 } } });
    await settle(tab);
    await tab.run("scrollTo(0, 100); await new Promise((done) => setTimeout(done, 175)); scrollTo(0, 900)");
    await expect.poll(async () => (await scrolls(tab)).at(-1)?.scroll_depth_px).toBe(900 + VIEWPORT.height);
  });

  it("reports when the page is hidden", async () => {
    const tab = await open("long.html", { ...measuring, options: { scrollDepth: { reportEvery: 60_000 } } });
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 1600);
    expect(await scrolls(tab)).toEqual([]);
    await open("plain.html", { signals: [] });
    await expect.poll(async () => (await scrolls(tab)).at(-1)?.scroll_depth_px).toBe(2400);
  });

  it("reports a view's depth when a route ends it, and measures the next anew", async () => {
    const tab = await open("long.html", { ...measuring, options: { scrollDepth: { reportEvery: 60_000 } } });
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 1600);
    await tab.run("history.pushState(null, '', '/shop'); scrollTo(0, 0)");
    await expect.poll(async () => (await capturedOf(tab, "page_view")).length).toBe(2);
    await settle(tab);
    const [first, second] = await capturedOf(tab, "page_view");
    expect(await measured(tab)).toMatchObject({ view_id: second?.view_id, scroll_depth_px: VIEWPORT.height });
    const ended = (await scrolls(tab)).findLast(({ view_id }) => view_id === first?.view_id);
    expectShare(ended?.scroll_depth_percentage ?? 0, 60);
  });

  it("measures a page that comes back from the back-forward cache where it stands", async () => {
    const tab = await open("long.html", measuring);
    await tab.move({ x: 600, y: 400 });
    await wheelTo(tab, 1600);
    await wheelTo(tab, 800);
    await untilIdle(tab);
    await tab.run("location.href = '/other.html'");
    await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
    await tab.back();
    const views = () => capturedOf(tab, "page_view");
    await expect.poll(async () => (await views()).at(-1)?.cause).toBe("bfcache");
    await settle(tab);
    expect(await measured(tab)).toMatchObject({ view_id: (await views()).at(-1)?.view_id, scroll_depth_px: 1600 });
  });
});
