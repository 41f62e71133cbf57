import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { captured, capturedOf } from "./test-site.ts";

const measuring = { signals: ["selections"] };

/** What was told of selections, as `copy 6 #first`. */
const story = async (tab: Tab) =>
  (await capturedOf(tab, "selection")).map(({ action, length, target }) => `${action} ${length} ${target.path}`);

/** Selects by script all that is in an element, until the page knows of it. */
const select = (tab: Tab, selector: string) =>
  tab.run(`
    const known = new Promise((resolve) => document.addEventListener("selectionchange", resolve, { once: true }));
    getSelection().selectAllChildren(document.querySelector("${selector}"));
    await known;
  `);

/** Longer than a selection takes to settle. */
const settled = () => setTimeout(900);

inEveryBrowser(({ open }) => {
  /** Drags over the first characters of a line, from the middle of one to the middle of another. */
  const dragOver = async (tab: Tab, characters: number) => {
    const { left, y, step } = await tab.run<{ left: number; y: number; step: number }>(`
      const range = document.createRange();
      range.selectNodeContents(document.querySelector("#narrow"));
      const { left, top, width, height } = range.getBoundingClientRect();
      return { left, y: Math.round(top + height / 2), step: width / 10 };
    `);
    await tab.drag({ x: Math.round(left + 1), y }, { x: Math.round(left + characters * step + 1), y });
  };

  it("tells once of text that was selected by dragging, when the button is let go", async () => {
    const tab = await open("selections.html", measuring);
    await dragOver(tab, 4);
    await expect.poll(() => story(tab)).toEqual(["select 4 #narrow"]);
    await settled();
    expect(await story(tab)).toHaveLength(1);
  });

  it("waits for the button to be let go, however long that takes", async () => {
    const tab = await open("selections.html", measuring);
    await tab.run("document.querySelector('#first').dispatchEvent(new MouseEvent('mousedown', { bubbles: true }))");
    await select(tab, "#second");
    await settled();
    expect(await story(tab)).toEqual([]);
    await tab.run("document.querySelector('#first').dispatchEvent(new MouseEvent('mouseup', { bubbles: true }))");
    await expect.poll(() => story(tab)).toEqual(["select 13 #second"]);
  });

  it("tells once of text that was selected with the shift key", async () => {
    const tab = await open("selections.html", measuring);
    await tab.click("#editable");
    await tab.press("End");
    await tab.press("Shift+ArrowLeft+ArrowLeft");
    await expect.poll(() => story(tab)).toHaveLength(1);
    expect(await story(tab)).toEqual([expect.stringMatching(/^select [12] #editable$/)]);
  });

  it("waits for the shift key to be let go, however long that takes", async () => {
    const tab = await open("selections.html", measuring);
    const release = (key: string, shiftKey: boolean) =>
      tab.run(
        `document.body.dispatchEvent(new KeyboardEvent("keyup", { key: "${key}", shiftKey: ${shiftKey}, bubbles: true }))`,
      );
    for (const selector of ["#bold", "#second"]) {
      await select(tab, selector);
      await release("ArrowRight", true);
      await settled();
    }
    expect(await story(tab)).toEqual([]);
    await release("Shift", false);
    await expect.poll(() => story(tab)).toEqual(["select 13 #second"]);
  });

  it("tells of a selection by other means once it has been left alone for 500 ms", async () => {
    const tab = await open("selections.html", measuring);
    await select(tab, "#first");
    await setTimeout(200);
    await select(tab, "#second");
    expect(await story(tab)).toEqual([]);
    await expect.poll(() => story(tab)).toEqual(["select 13 #second"]);
    const { start, time } = await tab.run<{ start: number; time: number }>(`
      const start = Date.now();
      getSelection().selectAllChildren(document.querySelector("#bold"));
      while (captured.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      return { start, time: Date.now() };
    `);
    expect(time - start).toBeGreaterThanOrEqual(490);
    expect(time - start).toBeLessThan(1_500);
  });

  it("tells nothing of a selection that is given up before it has settled", async () => {
    const tab = await open("selections.html", measuring);
    await select(tab, "#first");
    await tab.run("getSelection().removeAllRanges()");
    await settled();
    expect(await story(tab)).toEqual([]);
  });

  it("tells of a selection at once when a report is asked for, and once", async () => {
    const tab = await open("selections.html", measuring);
    await tab.run(`
      getSelection().selectAllChildren(document.querySelector("#second"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await tracker.flush();
    `);
    expect(await story(tab)).toEqual(["select 13 #second"]);
    await settled();
    expect(await story(tab)).toHaveLength(1);
  });

  it("names the nearest element that holds the whole selection, by its author's name", async () => {
    const tab = await open("selections.html", measuring);
    const selectBetween = (from: string, to: string) =>
      tab.run(`getSelection().setBaseAndExtent(${from}, 0, ${to}, 3)`);
    const textIn = (selector: string) => `document.querySelector("${selector}").firstChild`;
    await selectBetween(textIn("#first"), textIn("#second"));
    await expect.poll(async () => (await story(tab))[0]).toMatch(/^select \d+ #article$/);
    await selectBetween(textIn("#bold"), textIn("#bold"));
    await expect.poll(async () => (await story(tab))[1]).toBe("select 3 #bold");
    await selectBetween(textIn("#first"), textIn("#bold"));
    await expect.poll(async () => (await capturedOf(tab, "selection"))[2]?.target.name).toBe("intro");
  });

  it("counts a run of white space in the source as one character", async () => {
    const tab = await open("selections.html", measuring);
    await select(tab, "#first");
    const text = "MARKER with white space MARKER";
    await expect.poll(() => story(tab)).toEqual([`select ${text.length} #first`]);
  });

  it("tells of all that was selected by key", async () => {
    const tab = await open("selections.html", measuring);
    await tab.click("#second");
    await tab.press("Control+a");
    await expect.poll(async () => (await capturedOf(tab, "selection")).length).toBe(1);
    const [{ target, length } = { target: undefined, length: 0 }] = await capturedOf(tab, "selection");
    expect(["body", "html"]).toContain(target?.tag);
    expect(length).toBeGreaterThan(60);
  });

  it("tells of a copy, after the selection that it is of", async () => {
    const tab = await open("selections.html", measuring);
    await select(tab, "#second");
    await tab.press("Control+c");
    await expect.poll(() => story(tab)).toEqual(["select 13 #second", "copy 13 #second"]);
    await settled();
    expect(await story(tab)).toHaveLength(2);
  });

  it("tells nothing of a copy of nothing", async () => {
    const tab = await open("selections.html", measuring);
    await tab.press("Control+c");
    await tab.run("document.dispatchEvent(new ClipboardEvent('copy', { bubbles: true }))");
    await settled();
    expect(await story(tab)).toEqual([]);
  });

  it("tells of what was copied or cut from a field, and not of what was selected in it", async () => {
    const tab = await open("selections.html", measuring);
    await tab.click("#field");
    await tab.press("Control+a");
    await settled();
    expect(await story(tab)).toEqual([]);
    await tab.press("Control+c");
    await tab.click("#area");
    await tab.press("Control+a");
    await tab.press("Control+x");
    await expect.poll(() => story(tab)).toEqual(["copy 6 #field", "cut 13 #area"]);
  });

  it("does not tell again of text that is still selected when a field is edited", async () => {
    const tab = await open("selections.html", measuring);
    await select(tab, "#second");
    await expect.poll(() => story(tab)).toHaveLength(1);
    await tab.run("document.querySelector('#field').focus()");
    await tab.press("a");
    await tab.press("Control+a");
    await settled();
    expect(await story(tab)).toHaveLength(1);
  });

  it("tells of a cut from editable text, and nothing of typing in it", async () => {
    const tab = await open("selections.html", measuring);
    await tab.click("#editable");
    await tab.press("a");
    await settled();
    expect(await story(tab)).toEqual([]);
    await tab.press("Control+a");
    await tab.press("Control+x");
    await expect.poll(() => story(tab)).toEqual(["select 7 #editable", "cut 7 #editable"]);
  });

  it("tells nothing of password fields, nor of what data-tm-ignore holds", async () => {
    const tab = await open("selections.html", measuring);
    for (const field of ["#password", "#secret"]) {
      await tab.click(field);
      await tab.press("Control+a");
      await tab.press("Control+c");
      await tab.run(
        `document.querySelector("${field}").dispatchEvent(new ClipboardEvent("copy", { bubbles: true, composed: true }))`,
      );
    }
    await select(tab, "#ignored");
    await settled();
    await tab.press("Control+c");
    await settled();
    expect(await story(tab)).toEqual([]);
  });

  it("never tells the text", async () => {
    const tab = await open("selections.html", measuring);
    await select(tab, "#first");
    await tab.press("Control+c");
    await tab.click("#field");
    await tab.press("Control+a");
    await tab.press("Control+x");
    await expect.poll(() => story(tab)).toHaveLength(3);
    expect(JSON.stringify(await captured(tab))).not.toContain("MARKER");
  });

  it("leaves no listener behind, and no timer that would tell of what has not settled", async () => {
    const tab = await open("selections.html", { signals: ["clicks"] });
    const act = `
      getSelection().selectAllChildren(document.querySelector("#second"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      window.emitted = emitted;
    `;
    expect(await listenersLeftBy(tab, "selections", act)).toEqual([]);
    await settled();
    expect(await tab.run("return emitted")).toEqual([]);
  });
});
