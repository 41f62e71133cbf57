import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Point, Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";

const measuring = { signals: ["pageViews", "hovers", "clicks"] };

/** Well above the 300 ms that show intent. */
const REST = 500;

/** Right of everything on the page, in CSS pixels from the left. */
const ASIDE = 900;

inEveryBrowser(({ can, open }) => {
  const hovers = (tab: Tab) => capturedOf(tab, "hover");
  const hovered = async (tab: Tab) => (await hovers(tab)).map(({ target }) => target.id);

  /** Moves onto an element from beside it, so that the way there leads over nothing else. */
  const enter = async (tab: Tab, element: string) => {
    const { x, y } = await tab.run<Point>(`
      const { left, top, width, height } = document.querySelector("${element}").getBoundingClientRect();
      return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
    `);
    await tab.move({ x: ASIDE, y });
    await tab.move({ x, y });
    return async () => tab.move({ x: ASIDE, y });
  };

  /** Rests on an element and leaves it; how long the pointer can have been there at most, in milliseconds. */
  const rest = async (tab: Tab, element: string) => {
    const began = Date.now();
    const leave = await enter(tab, element);
    await setTimeout(REST);
    await leave();
    return Date.now() - began;
  };

  it.each(["button", "link", "card"])("reports a rest on a meaningful element: %s", async (id) => {
    const tab = await open("hovers.html", measuring);
    const atMost = await rest(tab, id === "card" ? "#heading" : `#${id}`);
    await expect.poll(() => hovered(tab)).toEqual([id]);
    const [hover] = await hovers(tab);
    expect(hover?.element_hover_duration).toBeGreaterThanOrEqual(REST);
    expect(hover?.element_hover_duration).toBeLessThanOrEqual(atMost);
    expect(hover).toMatchObject({ pointer_type: "mouse", clicked: false });
    if (id === "card") expect(hover?.target).toMatchObject({ tag: "div", name: "card" });
  });

  it("reports no stay that is shorter than intent, and none on what means nothing", async () => {
    const tab = await open("hovers.html", { ...measuring, options: { hovers: { intentAfter: 2_000 } } });
    await rest(tab, "#button");
    await setTimeout(2_500);
    const leave = await enter(tab, "#link");
    await setTimeout(2_100);
    await leave();
    await expect.poll(() => hovered(tab)).toEqual(["link"]);
  });

  it("takes moving among the children of an element for one stay on it", async () => {
    const tab = await open("hovers.html", measuring);
    const leave = await enter(tab, "#heading");
    await setTimeout(200);
    await tab.move("#words");
    await setTimeout(200);
    await tab.move("#heading");
    await setTimeout(200);
    await leave();
    await expect.poll(() => hovered(tab)).toEqual(["card"]);
    expect((await hovers(tab))[0]?.element_hover_duration).toBeGreaterThanOrEqual(600);
  });

  it("tells a stay on a button within the element from the stay on the element", async () => {
    const tab = await open("hovers.html", { ...measuring, options: { hovers: { intentAfter: 1_000 } } });
    await enter(tab, "#words");
    await setTimeout(1_200);
    await tab.move("#inner");
    await setTimeout(1_200);
    await tab.move("#words");
    await tab.move({ x: ASIDE, y: 200 });
    await expect.poll(() => hovered(tab)).toEqual(["card", "inner"]);
  });

  it("says where the pointer rested last", async () => {
    const tab = await open("hovers.html", measuring);
    await tab.move({ x: ASIDE, y: 150 });
    await tab.move({ x: 30, y: 150 });
    await setTimeout(REST);
    await tab.wheel(400);
    await expect.poll(() => hovered(tab)).toEqual(["card"]);
    expect((await hovers(tab))[0]).toMatchObject({ x: 30, y: 150 });
  });

  it("says whether the element was clicked during the stay", async () => {
    const tab = await open("hovers.html", measuring);
    const leave = await enter(tab, "#button");
    await setTimeout(REST);
    await tab.click("#button");
    await leave();
    await rest(tab, "#button");
    await expect.poll(async () => (await hovers(tab)).map(({ clicked }) => clicked)).toEqual([true, false]);
  });

  it("ends a stay when the content scrolls, though the element stays under the pointer", async () => {
    const tab = await open("hovers.html", measuring);
    await enter(tab, "#words");
    await setTimeout(REST);
    await tab.wheel(20);
    await expect.poll(() => hovered(tab)).toEqual(["card"]);
    const isUnderPointer = "return document.querySelector('#card').matches(':hover')";
    expect(await tab.run(isUnderPointer)).toBe(true);
  });

  it("ends a stay when the page is hidden", async () => {
    const tab = await open("hovers.html", measuring);
    await enter(tab, "#link");
    await setTimeout(REST);
    await open("plain.html", { signals: [] });
    await expect.poll(() => hovered(tab)).toEqual(["link"]);
  });

  it("ends a stay when a click leads to another page", async () => {
    const tab = await open("hovers.html", measuring);
    await enter(tab, "#link");
    await setTimeout(REST);
    await tab.click("#link");
    await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
    expect(await hovers(tab)).toEqual([
      expect.objectContaining({ clicked: true, target: expect.objectContaining({ id: "link" }) }),
    ]);
  });

  it("ends a stay with its view", async () => {
    const tab = await open("hovers.html", measuring);
    const [view] = await capturedOf(tab, "page_view");
    await enter(tab, "#button");
    await setTimeout(REST);
    await tab.run("history.pushState(null, '', '/shop')");
    await expect.poll(() => hovered(tab)).toEqual(["button"]);
    expect((await hovers(tab))[0]?.view_id).toBe(view?.view_id);
  });

  it("ends a stay when the pointer goes into a frame", async () => {
    const tab = await open("hovers.html", measuring);
    await enter(tab, "#button");
    await setTimeout(REST);
    await tab.move("#frame >>> #framed");
    await expect.poll(() => hovered(tab)).toEqual(["button"]);
  });

  if (can.leave)
    it("ends a stay when the pointer leaves the window", async () => {
      const tab = await open("hovers.html", measuring);
      await enter(tab, "#button");
      await setTimeout(REST);
      await tab.move({ x: -50, y: 30 });
      await expect.poll(() => hovered(tab)).toEqual(["button"]);
    });

  if (can.tap)
    it("never takes touch for hovering, however short a stay may be", async () => {
      const tab = await open("hovers.html", { ...measuring, options: { hovers: { intentAfter: 0 } } });
      await tab.tap("#button");
      await expect.poll(async () => (await capturedOf(tab, "click")).length).toBe(1);
      expect((await capturedOf(tab, "click"))[0]).toMatchObject({ pointer_type: "touch" });
      await tab.tap("#blank");
      await rest(tab, "#link");
      await expect.poll(() => hovered(tab)).toEqual(["link"]);
    });
});
