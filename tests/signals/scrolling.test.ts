import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";

const settings = {
  signals: ["pageViews", "clicks", "hovers", "dwell"],
  options: { clicks: { evidence: "sdk.clickEvidence()" }, dwell: { idleAfter: 1_000 } },
};

/** Scrolls a ticker and the page every 50 ms, and dispatches an event of every kind of input. */
const MOVE = `
  const ticker = document.body.appendChild(document.createElement("div"));
  ticker.style.cssText = "position: fixed; right: 0; bottom: 0; width: 200px; height: 20px; overflow: hidden";
  ticker.appendChild(document.createElement("div")).style.cssText = "width: 100000px; height: 20px";
  let moves = 0;
  setInterval(() => {
    moves += 1;
    ticker.scrollLeft = moves;
    scrollTo(0, moves % 2);
    for (const type of ["pointermove", "pointerdown", "pointerover"])
      document.body.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerType: "mouse" }));
    document.body.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, key: "ArrowDown" }));
    document.body.dispatchEvent(new WheelEvent("wheel", { bubbles: true, deltaY: 1 }));
    document.body.dispatchEvent(new Event("dragover", { bubbles: true }));
    document.dispatchEvent(new Event("scroll"));
  }, 50);
`;

describe("scrolls and events by script", () => {
  inEveryBrowser(({ open }) => {
    it("are no activity, end no hover and answer no click", async () => {
      const tab = await open("hovers.html", settings);
      await tab.run(MOVE);
      await setTimeout(500);
      await tab.move({ x: 900, y: 150 });
      await tab.move("#words");
      await tab.click("#words");
      const total = async () => {
        await tab.run("tracker.flush()");
        const [dwell] = (await capturedOf(tab, "dwell")).slice(-1);
        return { visible: dwell?.visible_ms ?? 0, active: dwell?.active_ms ?? 0 };
      };
      await expect.poll(async () => (await capturedOf(tab, "click")).map(({ response }) => response)).toEqual(["none"]);
      const { visible, active } = await total();
      // The visitor has been idle since one second after the click, which was captured 2.5 s later.
      expect(visible - active).toBeGreaterThan(1_000);
      expect(await capturedOf(tab, "hover")).toEqual([]);
      await tab.move({ x: 900, y: 150 });
      await expect.poll(async () => (await capturedOf(tab, "hover")).map(({ target }) => target.id)).toEqual(["card"]);
      expect((await capturedOf(tab, "hover"))[0]?.element_hover_duration).toBeGreaterThan(2_500);
    });
  });
});
