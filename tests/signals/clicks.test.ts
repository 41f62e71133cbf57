import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";

const settings = { signals: ["pageViews", "clicks"] };

describe("the signal clicks", () => {
  inEveryBrowser(({ can, open }) => {
    const clicks = (tab: Tab) => capturedOf(tab, "click");
    const clicked = async (tab: Tab) => (await clicks(tab)).map(({ target }) => target.id);

    /** Returns an element's box in the viewport, and the scroll position. */
    const boxOf = (tab: Tab, id: string) =>
      tab.run<{ left: number; top: number; width: number; height: number; scrolled: number }>(`
      const { left, top, width, height } = document.getElementById("${id}").getBoundingClientRect();
      return { left, top, width, height, scrolled: scrollY };
    `);

    it("captures a click by pointer with position, button, pointer type and the button around the clicked element", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#bold");
      await expect.poll(() => clicked(tab)).toEqual(["button"]);
      const [click] = await clicks(tab);
      expect(click).toMatchObject({
        target: { tag: "button", id: "button", path: "#button" },
        button: 0,
        pointer_type: "mouse",
      });
      const { left, top, width, height } = await boxOf(tab, "bold");
      expect(Math.abs((click?.x ?? 0) - (left + width / 2))).toBeLessThanOrEqual(1);
      expect(Math.abs((click?.y ?? 0) - (top + height / 2))).toBeLessThanOrEqual(1);
    });

    it("distinguishes the position in the document from the position in the viewport, and reports the names in the markup", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#below");
      await expect.poll(() => clicked(tab)).toEqual(["below"]);
      const [click] = await clicks(tab);
      const { scrolled } = await boxOf(tab, "below");
      expect(scrolled).toBeGreaterThan(1_000);
      expect(Math.abs((click?.page_y ?? 0) - (click?.y ?? 0) - scrolled)).toBeLessThanOrEqual(1);
      expect(click?.page_x).toBe(click?.x);
      expect(click?.target).toEqual({ tag: "button", id: "below", name: "below", role: "switch", path: "#below" });
    });

    it("reports an element without a meaning as the target when nothing around it has one", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#words");
      await expect.poll(() => clicked(tab)).toEqual(["words"]);
    });

    it.each([
      ["button", "Enter"],
      ["button", " "],
      ["link", "Enter"],
    ])("captures the activation of a %s by the key %j, without a pointer type", async (id, key) => {
      const tab = await open("clicks.html", settings);
      await tab.run(`document.getElementById("${id}").focus()`);
      await tab.press(key);
      await expect.poll(() => clicked(tab)).toEqual([id]);
      expect((await clicks(tab))[0]).toMatchObject({ pointer_type: "", button: 0 });
    });

    it("captures a click on a label once, though the browser adds a click on its field", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#label");
      await tab.click("#words");
      await tab.click("#field");
      await expect.poll(() => clicked(tab)).toEqual(["label", "words", "field"]);
      expect(await tab.run("return document.getElementById('field').checked")).toBe(false);
    });

    if (can.middle)
      it("captures a click of the middle button once", async () => {
        const tab = await open("clicks.html", settings);
        await tab.click("#button", { button: "middle" });
        await tab.click("#words");
        await expect.poll(() => clicked(tab)).toEqual(["button", "words"]);
        expect((await clicks(tab)).map(({ button }) => button)).toEqual([1, 0]);
      });

    it("finds targets in nested open shadow roots, and not in closed ones", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#open >>> inner-box >>> #deepest");
      await tab.click("#open >>> inner-box >>> #plain");
      await tab.click("#closed");
      await expect.poll(() => clicked(tab)).toEqual(["deep", undefined, "closed"]);
      expect((await clicks(tab)).map(({ target }) => target.name ?? target.tag)).toEqual([
        "button",
        "outer",
        "closed-box",
      ]);
    });

    it("reports the element with an interactive role around an icon, with a valid selector of any id and name", async () => {
      const tab = await open("clicks.html", settings);
      await tab.run(`
        document.body.insertAdjacentHTML("afterbegin",
          '<div id=":r1:"><x-a.b><span role="menuitem"><svg width="40" height="40"><rect id="icon" width="40" height="40"/></svg></span></x-a.b></div>' +
          '<p id="5th"><i role="Switch" style="display: block; width: 40px; height: 40px"></i></p>');
      `);
      await tab.click("#icon");
      await tab.click("i");
      await expect.poll(async () => (await clicks(tab)).length).toBe(2);
      const targets = (await clicks(tab)).map(({ target }) => target);
      expect(targets).toMatchObject([
        { tag: "span", role: "menuitem", path: "#\\:r1\\: > x-a\\.b > span" },
        { tag: "i", role: "Switch", path: "#\\35 th > i" },
      ]);
      for (const { tag, path } of targets)
        expect(await tab.run(`return document.querySelector(${JSON.stringify(path)}).localName`)).toBe(tag);
    });

    it("finds the element around one whose role is empty, unknown or not interactive, also across a shadow root", async () => {
      const tab = await open("clicks.html", settings);
      const icon = (id: string, role: string) =>
        `<i id="${id}" role="${role}" style="display: inline-block; width: 40px; height: 40px"></i>`;
      await tab.run(`
        document.body.insertAdjacentHTML("afterbegin", \`
          <a id="around-empty" href="#here">${icon("empty", "")}</a>
          <a id="around-unknown" href="#here">${icon("unknown", "buttons")}</a>
          <a id="around-several" href="#here">${icon("several", "none TAB")}</a>
          <span id="around-root" role="option"><span id="root" role="img"></span></span>\`);
        const root = document.querySelector("#root").attachShadow({ mode: "open" });
        root.innerHTML = \`${icon("icon", "presentation")}\`;
      `);
      for (const icon of ["#empty", "#unknown", "#several", "#root >>> #icon"]) await tab.click(icon);
      const expected = ["around-empty", "around-unknown", "several", "around-root"];
      await expect.poll(() => clicked(tab)).toEqual(expected);
    });

    it("ignores clicks in a frame", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#frame >>> #framed");
      await expect.poll(() => tab.run("return document.activeElement.id")).toBe("frame");
      await tab.click("#words");
      await expect.poll(() => clicked(tab)).toEqual(["words"]);
    });

    it("captures nothing on disabled elements, which no browser activates", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#disabled");
      await tab.click("#disabled-field");
      await tab.click("#words");
      await expect.poll(() => clicked(tab)).toEqual(["words"]);
    });

    it("captures a click whose propagation the page stops", async () => {
      const tab = await open("clicks.html", settings);
      await tab.click("#stopped");
      await expect.poll(() => clicked(tab)).toEqual(["stopped"]);
    });

    it("captures the click that leads to another page", async () => {
      const tab = await open("plain.html", settings);
      await tab.click("#link");
      await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
      expect(await clicked(tab)).toEqual(["link"]);
    });

    it("works under a strict Content Security Policy", async () => {
      const tab = await open("csp.html");
      await tab.click("#button");
      await expect.poll(() => clicked(tab)).toEqual(["button"]);
      await tab.run("await tracker.flush()");
      expect(await tab.run("return violated")).toEqual([]);
    });
  });
});
