import { describe, expect, it } from "vitest";
import type { Point, Tab } from "../browsers/browser.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { pass } from "./stopped-clock.ts";
import { capturedOf } from "./test-site.ts";

const settings: PageSettings = { signals: ["pageViews", "hovers", "clicks"], clock: "stopped" };

/** Duration of a stay, in milliseconds: well above the default of `intentAfter`. */
const STAY_MS = 500;

/** A position to the right of all elements of the page, in CSS pixels. */
const EMPTY_X = 900;

describe("the signal hovers", () => {
  inEveryBrowser(({ can, open }) => {
    const hovers = (tab: Tab) => capturedOf(tab, "hover");
    const hovered = async (tab: Tab) => (await hovers(tab)).map(({ target }) => target.id);

    /**
     * Moves onto an element from the right, so that the pointer passes over no other. Returns a function that moves away.
     */
    const enter = async (tab: Tab, element: string) => {
      const { x, y } = await tab.run<Point>(`
      const { left, top, width, height } = document.querySelector("${element}").getBoundingClientRect();
      return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
    `);
      await tab.move({ x: EMPTY_X, y });
      await tab.move({ x, y });
      return async () => tab.move({ x: EMPTY_X, y });
    };

    /** Moves onto an element, stays and leaves. */
    const stayOn = async (tab: Tab, element: string) => {
      const leave = await enter(tab, element);
      await pass(tab, STAY_MS);
      await leave();
    };

    it.each(["button", "link", "card"])("captures a stay on a meaningful element: %s", async (id) => {
      const tab = await open("hovers.html", settings);
      await stayOn(tab, id === "card" ? "#heading" : `#${id}`);
      await expect.poll(() => hovered(tab)).toEqual([id]);
      const [hover] = await hovers(tab);
      expect(hover?.element_hover_duration).toBe(STAY_MS);
      expect(hover).toMatchObject({ pointer_type: "mouse", clicked: false });
      if (id === "card") expect(hover?.target).toMatchObject({ tag: "div", name: "card" });
    });

    it("captures no stay shorter than intentAfter, and none on an element without a meaning", async () => {
      const tab = await open("hovers.html", { ...settings, options: { hovers: { intentAfter: 2_000 } } });
      await stayOn(tab, "#button");
      await pass(tab, 2_500);
      const leave = await enter(tab, "#link");
      await pass(tab, 2_100);
      await leave();
      await expect.poll(() => hovered(tab)).toEqual(["link"]);
    });

    it("counts moves among the children of an element as one stay", async () => {
      const tab = await open("hovers.html", settings);
      const leave = await enter(tab, "#heading");
      await pass(tab, 200);
      await tab.move("#words");
      await pass(tab, 200);
      await tab.move("#heading");
      await pass(tab, 200);
      await leave();
      await expect.poll(() => hovered(tab)).toEqual(["card"]);
      expect((await hovers(tab))[0]?.element_hover_duration).toBe(600);
    });

    it("separates the stay on a button inside an element from the stay on the element", async () => {
      const tab = await open("hovers.html", { ...settings, options: { hovers: { intentAfter: 1_000 } } });
      await enter(tab, "#words");
      await pass(tab, 1_200);
      await tab.move("#inner");
      await pass(tab, 1_200);
      await tab.move("#words");
      await tab.move({ x: EMPTY_X, y: 200 });
      await expect.poll(() => hovered(tab)).toEqual(["card", "inner"]);
    });

    it("reports the last position of the pointer", async () => {
      const tab = await open("hovers.html", settings);
      await tab.move({ x: EMPTY_X, y: 150 });
      await tab.move({ x: 30, y: 150 });
      await pass(tab, STAY_MS);
      await tab.wheel(400);
      await expect.poll(() => hovered(tab)).toEqual(["card"]);
      expect((await hovers(tab))[0]).toMatchObject({ x: 30, y: 150 });
    });

    it("reports the position after a move on the element", async () => {
      const tab = await open("hovers.html", settings);
      await tab.move({ x: EMPTY_X, y: 150 });
      await tab.move({ x: 30, y: 150 });
      await pass(tab, STAY_MS);
      await tab.move({ x: 40, y: 152 });
      await pass(tab, STAY_MS);
      await tab.wheel(400);
      await expect.poll(() => hovered(tab)).toEqual(["card"]);
      expect((await hovers(tab))[0]).toMatchObject({ x: 40, y: 152, element_hover_duration: 2 * STAY_MS });
    });

    it("reports whether the element was clicked during the stay", async () => {
      const tab = await open("hovers.html", settings);
      const leave = await enter(tab, "#button");
      await pass(tab, STAY_MS);
      await tab.click("#button");
      await leave();
      await stayOn(tab, "#button");
      await expect.poll(async () => (await hovers(tab)).map(({ clicked }) => clicked)).toEqual([true, false]);
    });

    it("ends a stay when the content scrolls, though the element stays under the pointer", async () => {
      const tab = await open("hovers.html", settings);
      await enter(tab, "#words");
      await pass(tab, STAY_MS);
      await tab.wheel(20);
      await expect.poll(() => hovered(tab)).toEqual(["card"]);
      const isUnderPointer = "return document.querySelector('#card').matches(':hover')";
      expect(await tab.run(isUnderPointer)).toBe(true);
    });

    it("captures no stay of a pointer that drags", async () => {
      const tab = await open("hovers.html", settings);
      const { x, y } = await tab.run<Point>(`
        const { left, top, width, height } = document.querySelector("#button").getBoundingClientRect();
        return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
      `);
      await tab.drag({ x: EMPTY_X, y: 300 }, { x, y }, () => pass(tab, STAY_MS));
      await tab.move({ x: EMPTY_X, y });
      await stayOn(tab, "#link");
      await expect.poll(() => hovered(tab)).toEqual(["link"]);
    });

    it("ends a stay when the page is hidden", async () => {
      const tab = await open("hovers.html", settings);
      await enter(tab, "#link");
      await pass(tab, STAY_MS);
      await open("plain.html", { signals: [] });
      await expect.poll(() => hovered(tab)).toEqual(["link"]);
    });

    it("ends a stay when a click leads to another page", async () => {
      const tab = await open("hovers.html", settings);
      await enter(tab, "#link");
      await pass(tab, STAY_MS);
      await tab.click("#link");
      await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
      expect(await hovers(tab)).toEqual([
        expect.objectContaining({ clicked: true, target: expect.objectContaining({ id: "link" }) }),
      ]);
    });

    it("ends a stay when the page view ends", async () => {
      const tab = await open("hovers.html", settings);
      const [view] = await capturedOf(tab, "page_view");
      await enter(tab, "#button");
      await pass(tab, STAY_MS);
      await tab.run("history.pushState(null, '', '/shop')");
      await expect.poll(() => hovered(tab)).toEqual(["button"]);
      expect((await hovers(tab))[0]?.view_id).toBe(view?.view_id);
    });

    it("ends a stay when the pointer enters a frame", async () => {
      const tab = await open("hovers.html", settings);
      await enter(tab, "#button");
      await pass(tab, STAY_MS);
      await tab.move("#frame >>> #framed");
      await expect.poll(() => hovered(tab)).toEqual(["button"]);
    });

    it("captures stays on a link that the page removes under the pointer, and on the next element", async () => {
      const tab = await open("hovers.html", settings);
      await enter(tab, "#link");
      await pass(tab, STAY_MS);
      await tab.run("document.querySelector('#link').remove()");
      await stayOn(tab, "#button");
      await expect.poll(() => hovered(tab)).toEqual(["link", "button"]);
    });

    if (can.leave)
      it("ends a stay when the pointer leaves the window", async () => {
        const tab = await open("hovers.html", settings);
        await enter(tab, "#button");
        await pass(tab, STAY_MS);
        await tab.move({ x: -50, y: 30 });
        await expect.poll(() => hovered(tab)).toEqual(["button"]);
      });

    if (can.tap)
      it("ignores touch, even without a shortest stay", async () => {
        const tab = await open("hovers.html", { ...settings, options: { hovers: { intentAfter: 0 } } });
        await tab.tap("#button");
        await expect.poll(async () => (await capturedOf(tab, "click")).length).toBe(1);
        expect((await capturedOf(tab, "click"))[0]).toMatchObject({ pointer_type: "touch" });
        await tab.tap("#blank");
        await stayOn(tab, "#link");
        await expect.poll(() => hovered(tab)).toEqual(["link"]);
      });
  });
});
