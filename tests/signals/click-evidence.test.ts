import { describe, expect, it } from "vitest";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { pass } from "./stopped-clock.ts";
import { type Captured, capturedOf } from "./test-site.ts";

const settings: PageSettings = {
  signals: ["clicks"],
  options: { clicks: { evidence: "sdk.clickEvidence()" } },
  clock: "stopped",
};

/** Time after a click until the page has not responded to it, in milliseconds. */
const DEAD_AFTER_MS = 2_500;

describe("the signal clicks with evidence", () => {
  inEveryBrowser(({ open }) => {
    /** Clicks elements in one moment, and returns the clicks, without a wait if the page responds to each. */
    const clicked = async (on: string[], doesRespond = false) => {
      const tab = await open("evidence.html", settings);
      for (const each of on) await tab.click(each);
      if (!doesRespond) await pass(tab, DEAD_AFTER_MS);
      await expect.poll(async () => (await capturedOf(tab, "click")).length).toBe(on.length);
      const clicks = await capturedOf(tab, "click");
      return clicks.toSorted((a, b) => a.time - b.time) as Captured<"click">[];
    };

    it.each([
      ["#mutates", "mutation"],
      ["#scrolls", "scroll"],
      ["#routes", "navigation"],
      ["#focuses", "focus"],
      ["#selects", "selection"],
    ])("reports the page's response to %s: %s", async (button, response) => {
      const [click] = await clicked([button], true);
      expect(click).toMatchObject({ response, response_ms: 0 });
    });

    it("reports a scroll in a shadow root in which the clicked button has a slot", async () => {
      const tab = await open("evidence.html", settings);
      await tab.run(`
        const host = document.body.insertBefore(document.createElement("div"), document.body.firstChild);
        const scroller = host.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
        scroller.style.cssText = "height: 80px; overflow: auto";
        scroller.innerHTML = '<slot></slot><div style="height: 5000px"></div>';
        host.innerHTML = '<span><button id="slotted" type="button">Down</button></span>';
        host.addEventListener("click", () => scroller.scrollBy(0, 100));
      `);
      await tab.click("#slotted");
      await expect.poll(async () => (await capturedOf(tab, "click"))[0]).toMatchObject({ response: "scroll" });
    });

    it("reports the response none after 2.5 s without one, with the time of the click", async () => {
      const tab = await open("evidence.html", settings);
      const before = await tab.run<number>("return Date.now()");
      await tab.click("#dead");
      await pass(tab, DEAD_AFTER_MS - 1);
      expect(await capturedOf(tab, "click")).toEqual([]);
      await pass(tab, 1);
      const [click] = await capturedOf(tab, "click");
      expect(click).toMatchObject({ response: "none", time: before });
      expect(click).not.toHaveProperty("response_ms");
    });

    it("reports no response for links, fields and labels", async () => {
      for (const click of await clicked(["#anchor", "#field", "#label"])) expect(click).not.toHaveProperty("response");
    });

    it("numbers the clicks of a burst", async () => {
      const clicks = await clicked(["#dead", "#dead", "#dead"]);
      expect(clicks.map(({ burst }) => burst)).toEqual([1, 2, 3]);
    });

    it("starts another burst for a click elsewhere on the page", async () => {
      const clicks = await clicked(["#dead", "#mutates"]);
      expect(clicks.map(({ burst }) => burst)).toEqual([1, 1]);
    });

    it("reports no burst on fields and on steppers, named by text or by label", async () => {
      for (const button of ["#field", "#plus", "#next"]) {
        const clicks = await clicked([button, button, button]);
        expect(clicks.every((click) => click.burst === undefined)).toBe(true);
      }
    });

    it("reports no burst when text was selected", async () => {
      const tab = await open("evidence.html", settings);
      const { x, y } = await tab.run<{ x: number; y: number }>(
        "const { left, top, height } = document.querySelector('#text').getBoundingClientRect(); return { x: left, y: top + height / 2 }",
      );
      await tab.drag({ x: x + 2, y }, { x: x + 60, y });
      expect(await tab.run("return getSelection().toString().length")).toBeGreaterThan(2);
      await tab.click("#dead");
      await pass(tab, DEAD_AFTER_MS);
      await expect.poll(async () => (await capturedOf(tab, "click")).length).toBeGreaterThan(0);
      for (const click of await capturedOf(tab, "click"))
        if (click.target.id === "text") expect(click).not.toHaveProperty("burst");
    });

    it("reports the position in the element without forcing a layout", async () => {
      const [click] = await clicked(["#mutates"], true);
      expect(click?.element_x).toBeGreaterThan(0);
      const tab = await open("evidence.html", settings);
      const box = await tab.run<{ left: number; top: number }>(
        "const { left, top } = document.querySelector('#mutates').getBoundingClientRect(); return { left, top }",
      );
      expect(Math.abs((click?.x ?? 0) - (click?.element_x ?? 0) - box.left)).toBeLessThanOrEqual(1);
      expect(Math.abs((click?.y ?? 0) - (click?.element_y ?? 0) - box.top)).toBeLessThanOrEqual(1);
    });

    it("captures waiting clicks at once when the page is left", async () => {
      const tab = await open("evidence.html", settings);
      await tab.click("#dead");
      await tab.goto(await tab.run<string>("return new URL('/plain.html?signals=dwell', location).href"));
      const clicks = await capturedOf(tab, "click");
      expect(clicks).toHaveLength(1);
      expect(clicks[0]).not.toHaveProperty("response");
    });

    it("reports the link and the names of an element with enrichments only", async () => {
      const tab = await open("evidence.html", {
        signals: ["clicks"],
        options: { clicks: { enrichments: ["sdk.clickLinks", "sdk.clickNames", "sdk.clickTexts"] } },
      });
      await tab.run(
        "for (const link of document.querySelectorAll('a, area')) link.addEventListener('click', (event) => event.preventDefault())",
      );
      const files = ["#download", "#saved", "#blob", "#data"];
      const links = ["#anchor", "#outbound", ...files, "#drawn", "#older", "#chart", "#mailto", "#masked"];
      for (const each of links) await tab.click(each);
      await expect.poll(async () => (await capturedOf(tab, "click")).length).toBe(links.length);
      const clicks = await capturedOf(tab, "click");
      expect(clicks.map(({ link, link_url }) => [link, link_url])).toEqual([
        ["internal", undefined],
        ["outbound", "https://elsewhere.example/page"],
        ["download", expect.stringMatching(/\/files\/report\.pdf$/)],
        ["download", expect.stringMatching(/\/files\/report$/)],
        ["download", undefined],
        ["download", undefined],
        ["outbound", "https://elsewhere.example/drawn"],
        ["internal", undefined],
        ["outbound", "https://elsewhere.example/area"],
        ["mailto", undefined],
        [undefined, undefined],
      ]);
      expect(clicks.at(-1)).toMatchObject({ label: "Call us", text: "Call *** or ###-###" });
    });
  });
});
