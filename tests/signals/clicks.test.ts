import { expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";

const measuring = { signals: ["pageViews", "clicks"] };

inEveryBrowser(({ can, open }) => {
  const clicks = (tab: Tab) => capturedOf(tab, "click");
  const clicked = async (tab: Tab) => (await clicks(tab)).map(({ target }) => target.id);

  /** What the page says of an element's place, beside where a click was. */
  const boxOf = (tab: Tab, id: string) =>
    tab.run<{ left: number; top: number; width: number; height: number; scrolled: number }>(`
      const { left, top, width, height } = document.getElementById("${id}").getBoundingClientRect();
      return { left, top, width, height, scrolled: scrollY };
    `);

  it("reports a click by pointer: where, with what, on the button around what was hit", async () => {
    const tab = await open("clicks.html", measuring);
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

  it("tells the place in the document from the place in the viewport, and the names an author gave", async () => {
    const tab = await open("clicks.html", measuring);
    await tab.click("#below");
    await expect.poll(() => clicked(tab)).toEqual(["below"]);
    const [click] = await clicks(tab);
    const { scrolled } = await boxOf(tab, "below");
    expect(scrolled).toBeGreaterThan(1_000);
    expect(Math.abs((click?.page_y ?? 0) - (click?.y ?? 0) - scrolled)).toBeLessThanOrEqual(1);
    expect(click?.page_x).toBe(click?.x);
    expect(click?.target).toEqual({ tag: "button", id: "below", name: "below", role: "switch", path: "#below" });
  });

  it("reports a click on what means nothing as one on itself", async () => {
    const tab = await open("clicks.html", measuring);
    await tab.click("#words");
    await expect.poll(() => clicked(tab)).toEqual(["words"]);
  });

  it.each([
    ["button", "Enter"],
    ["button", " "],
    ["link", "Enter"],
  ])("reports the activation of a %s by the key %j, by no pointer", async (id, key) => {
    const tab = await open("clicks.html", measuring);
    await tab.run(`document.getElementById("${id}").focus()`);
    await tab.press(key);
    await expect.poll(() => clicked(tab)).toEqual([id]);
    expect((await clicks(tab))[0]).toMatchObject({ pointer_type: "", button: 0 });
  });

  it("reports a click on a label once, though the browser adds one on its field", async () => {
    const tab = await open("clicks.html", measuring);
    await tab.click("#label");
    await tab.click("#words");
    await tab.click("#field");
    await expect.poll(() => clicked(tab)).toEqual(["label", "words", "field"]);
    expect(await tab.run("return document.getElementById('field').checked")).toBe(false);
  });

  if (can.middle)
    it("reports the middle button as such, once", async () => {
      const tab = await open("clicks.html", measuring);
      await tab.click("#button", { button: "middle" });
      await tab.click("#words");
      await expect.poll(() => clicked(tab)).toEqual(["button", "words"]);
      expect((await clicks(tab)).map(({ button }) => button)).toEqual([1, 0]);
    });

  it("looks into open shadow roots, however deep, and not into closed ones", async () => {
    const tab = await open("clicks.html", measuring);
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

  it("does not take a click in a frame for one of the page", async () => {
    const tab = await open("clicks.html", measuring);
    await tab.click("#frame >>> #framed");
    await expect.poll(() => tab.run("return document.activeElement.id")).toBe("frame");
    await tab.click("#words");
    await expect.poll(() => clicked(tab)).toEqual(["words"]);
  });

  it("reports nothing on disabled elements, which no browser activates", async () => {
    const tab = await open("clicks.html", measuring);
    await tab.click("#disabled");
    await tab.click("#disabled-field");
    await tab.click("#words");
    await expect.poll(() => clicked(tab)).toEqual(["words"]);
  });

  it("reports a click that the page keeps to itself", async () => {
    const tab = await open("clicks.html", measuring);
    await tab.click("#stubborn");
    await expect.poll(() => clicked(tab)).toEqual(["stubborn"]);
  });

  it("reports the click that leads to another page", async () => {
    const tab = await open("plain.html", measuring);
    await tab.click("#link");
    await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
    expect(await clicked(tab)).toEqual(["link"]);
  });

  it("needs nothing that a strict Content Security Policy forbids", async () => {
    const tab = await open("csp.html");
    await tab.click("#button");
    await expect.poll(() => clicked(tab)).toEqual(["button"]);
    await tab.run("await tracker.flush()");
    expect(await tab.run("return violated")).toEqual([]);
  });
});
