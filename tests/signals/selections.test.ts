import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { pass, UNTIL_DRAWN } from "./stopped-clock.ts";
import { captured, capturedOf } from "./test-site.ts";

const settings: PageSettings = { signals: ["selections"], clock: "stopped" };

/** The selection events of a tab so far, such as `copy 6 #first`. */
const summary = async (tab: Tab) =>
  (await capturedOf(tab, "selection")).map(({ action, length, target }) => `${action} ${length} ${target.path}`);

/** Selects the content of an element by script, and waits for `selectionchange`. */
const select = (tab: Tab, selector: string) =>
  tab.run(`
    const changed = new Promise((resolve) => document.addEventListener("selectionchange", resolve, { once: true }));
    getSelection().selectAllChildren(document.querySelector("${selector}"));
    await changed;
  `);

/** Lets more time pass than a selection needs to be complete, once the browser has reported its changes. */
const untilComplete = (tab: Tab) => tab.run<void>(`${UNTIL_DRAWN} await pass(900)`);

/** Returns the selection events of a tab once its selection is complete. */
const completed = async (tab: Tab) => {
  await untilComplete(tab);
  return summary(tab);
};

describe("the signal selections", () => {
  inEveryBrowser(({ open }) => {
    /** Drags over the first characters of a line. */
    const dragOver = async (tab: Tab, characters: number) => {
      const { left, y, step } = await tab.run<{ left: number; y: number; step: number }>(`
      const range = document.createRange();
      range.selectNodeContents(document.querySelector("#narrow"));
      const { left, top, width, height } = range.getBoundingClientRect();
      return { left, y: Math.round(top + height / 2), step: width / 10 };
    `);
      await tab.drag({ x: Math.round(left + 1), y }, { x: Math.round(left + characters * step + 1), y });
    };

    it("captures a selection by dragging once, when the button is released", async () => {
      const tab = await open("selections.html", settings);
      await dragOver(tab, 4);
      await expect.poll(() => summary(tab)).toEqual(["select 4 #narrow"]);
      await untilComplete(tab);
      expect(await summary(tab)).toHaveLength(1);
    });

    it("waits until the button is released, however long that takes", async () => {
      const tab = await open("selections.html", settings);
      await tab.run("document.querySelector('#first').dispatchEvent(new MouseEvent('mousedown', { bubbles: true }))");
      await select(tab, "#second");
      await untilComplete(tab);
      expect(await summary(tab)).toEqual([]);
      await tab.run("document.querySelector('#first').dispatchEvent(new MouseEvent('mouseup', { bubbles: true }))");
      await expect.poll(() => summary(tab)).toEqual(["select 13 #second"]);
    });

    it("captures a selection with the shift key once", async () => {
      const tab = await open("selections.html", settings);
      await tab.click("#editable");
      await tab.press("End");
      await tab.press("Shift+ArrowLeft+ArrowLeft");
      await expect.poll(() => completed(tab)).toHaveLength(1);
      expect(await summary(tab)).toEqual([expect.stringMatching(/^select [12] #editable$/)]);
    });

    it("waits until the shift key is released, however long that takes", async () => {
      const tab = await open("selections.html", settings);
      const release = (key: string, shiftKey: boolean) =>
        tab.run(
          `document.body.dispatchEvent(new KeyboardEvent("keyup", { key: "${key}", shiftKey: ${shiftKey}, bubbles: true }))`,
        );
      for (const selector of ["#bold", "#second"]) {
        await select(tab, selector);
        await release("ArrowRight", true);
        await untilComplete(tab);
      }
      expect(await summary(tab)).toEqual([]);
      await release("Shift", false);
      await expect.poll(() => summary(tab)).toEqual(["select 13 #second"]);
    });

    it("captures other selections after 500 ms without a change", async () => {
      const tab = await open("selections.html", settings);
      await select(tab, "#first");
      await pass(tab, 400);
      await select(tab, "#second");
      await pass(tab, 499);
      expect(await summary(tab)).toEqual([]);
      await pass(tab, 1);
      expect(await summary(tab)).toEqual(["select 13 #second"]);
    });

    it("captures nothing of a selection that is removed before it is complete", async () => {
      const tab = await open("selections.html", settings);
      await select(tab, "#first");
      await tab.run("getSelection().removeAllRanges()");
      await untilComplete(tab);
      expect(await summary(tab)).toEqual([]);
    });

    it("captures a selection at once on flush, and only once", async () => {
      const tab = await open("selections.html", settings);
      await tab.run(`
      getSelection().selectAllChildren(document.querySelector("#second"));
      ${UNTIL_DRAWN}
      await tracker.flush();
    `);
      expect(await summary(tab)).toEqual(["select 13 #second"]);
      await untilComplete(tab);
      expect(await summary(tab)).toHaveLength(1);
    });

    it("reports the nearest element that contains the whole selection, with its name in the markup", async () => {
      const tab = await open("selections.html", settings);
      const selectBetween = (from: string, to: string) =>
        tab.run(`getSelection().setBaseAndExtent(${from}, 0, ${to}, 3)`);
      const textIn = (selector: string) => `document.querySelector("${selector}").firstChild`;
      await selectBetween(textIn("#first"), textIn("#second"));
      await expect.poll(async () => (await completed(tab))[0]).toMatch(/^select \d+ #article$/);
      await selectBetween(textIn("#bold"), textIn("#bold"));
      await expect.poll(async () => (await completed(tab))[1]).toBe("select 3 #bold");
      await selectBetween(textIn("#first"), textIn("#bold"));
      await untilComplete(tab);
      await expect.poll(async () => (await capturedOf(tab, "selection"))[2]?.target.name).toBe("intro");
    });

    it("counts a run of white space in the source as one character", async () => {
      const tab = await open("selections.html", settings);
      await select(tab, "#first");
      const text = "MARKER with white space MARKER";
      await expect.poll(() => completed(tab)).toEqual([`select ${text.length} #first`]);
    });

    it("captures a selection of the whole document by key", async () => {
      const tab = await open("selections.html", settings);
      await tab.click("#second");
      await tab.press("Control+a");
      await expect.poll(() => completed(tab)).toHaveLength(1);
      const [{ target, length } = { target: undefined, length: 0 }] = await capturedOf(tab, "selection");
      expect(["body", "html"]).toContain(target?.tag);
      expect(length).toBeGreaterThan(60);
    });

    it("captures a copy after its selection", async () => {
      const tab = await open("selections.html", settings);
      await select(tab, "#second");
      await tab.press("Control+c");
      await expect.poll(() => summary(tab)).toEqual(["select 13 #second", "copy 13 #second"]);
      await untilComplete(tab);
      expect(await summary(tab)).toHaveLength(2);
    });

    it("captures a selection and a copy in nested open shadow roots", async () => {
      const tab = await open("selections.html", settings);
      const line = await tab.run<{ left: number; right: number; y: number }>(`
        const outer = document.body.insertBefore(document.createElement("div"), document.body.firstChild);
        outer.attachShadow({ mode: "open" }).innerHTML = "<section></section>";
        const inner = outer.shadowRoot.firstChild.attachShadow({ mode: "open" });
        inner.innerHTML = '<span id="line" style="font: 20px monospace">0123456789</span>';
        const { left, top, width, height } = inner.firstChild.getBoundingClientRect();
        return { left, right: left + width, y: Math.round(top + height / 2) };
      `);
      const step = (line.right - line.left) / 10;
      await tab.drag(
        { x: Math.round(line.left + 1), y: line.y },
        { x: Math.round(line.left + 4 * step + 1), y: line.y },
      );
      await expect.poll(() => completed(tab)).toEqual(["select 4 #line"]);
      await tab.press("Control+c");
      await expect.poll(() => summary(tab)).toEqual(["select 4 #line", "copy 4 #line"]);
    });

    it("captures nothing for a copy without a selection", async () => {
      const tab = await open("selections.html", settings);
      await tab.press("Control+c");
      await tab.run("document.dispatchEvent(new ClipboardEvent('copy', { bubbles: true }))");
      await untilComplete(tab);
      expect(await summary(tab)).toEqual([]);
    });

    it("captures copy and cut in a field, and no selection in it", async () => {
      const tab = await open("selections.html", settings);
      await tab.click("#field");
      await tab.press("Control+a");
      await untilComplete(tab);
      expect(await summary(tab)).toEqual([]);
      await tab.press("Control+c");
      await tab.click("#area");
      await tab.press("Control+a");
      await tab.press("Control+x");
      await expect.poll(() => summary(tab)).toEqual(["copy 6 #field", "cut 13 #area"]);
    });

    it("does not repeat a selection that remains while a field is edited", async () => {
      const tab = await open("selections.html", settings);
      await select(tab, "#second");
      await expect.poll(() => completed(tab)).toHaveLength(1);
      await tab.run("document.querySelector('#field').focus()");
      await tab.press("a");
      await tab.press("Control+a");
      await untilComplete(tab);
      expect(await summary(tab)).toHaveLength(1);
    });

    it("captures a cut in editable text, and nothing of typing in it", async () => {
      const tab = await open("selections.html", settings);
      await tab.click("#editable");
      await tab.press("a");
      await untilComplete(tab);
      expect(await summary(tab)).toEqual([]);
      await tab.press("Control+a");
      await expect.poll(() => completed(tab)).toEqual(["select 7 #editable"]);
      await tab.press("Control+x");
      await expect.poll(() => summary(tab)).toEqual(["select 7 #editable", "cut 7 #editable"]);
    });

    it("captures nothing in password fields and inside data-tm-ignore", async () => {
      const tab = await open("selections.html", settings);
      for (const field of ["#password", "#secret"]) {
        await tab.click(field);
        await tab.press("Control+a");
        await tab.press("Control+c");
        await tab.run(
          `document.querySelector("${field}").dispatchEvent(new ClipboardEvent("copy", { bubbles: true, composed: true }))`,
        );
      }
      await select(tab, "#ignored");
      await untilComplete(tab);
      await tab.press("Control+c");
      await untilComplete(tab);
      expect(await summary(tab)).toEqual([]);
    });

    it("never reports the text", async () => {
      const tab = await open("selections.html", settings);
      await select(tab, "#first");
      await tab.press("Control+c");
      await tab.click("#field");
      await tab.press("Control+a");
      await tab.press("Control+x");
      await expect.poll(() => summary(tab)).toHaveLength(3);
      expect(JSON.stringify(await captured(tab))).not.toContain("MARKER");
    });

    it("leaves no listener, and no timer for an incomplete selection", async () => {
      const tab = await open("selections.html", { ...settings, signals: ["clicks"] });
      const act = `
      getSelection().selectAllChildren(document.querySelector("#second"));
      ${UNTIL_DRAWN}
      window.emitted = emitted;
    `;
      expect(await listenersLeftBy(tab, "selections", act)).toEqual([]);
      await untilComplete(tab);
      expect(await tab.run("return emitted")).toEqual([]);
    });
  });
});
