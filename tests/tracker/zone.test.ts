import type { Event } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

const capturedTypes = async (tab: Tab) => {
  const events = await tab.run<Event[]>("return captured");
  return [...new Set(events.map(({ type }) => type))];
};

/** The ids of the elements whose clicks were captured. */
const clicked = (tab: Tab) =>
  tab.run<string[]>("return captured.flatMap(({ type, target }) => (type === 'click' ? [target.id] : []))");

/** Calls of the page in its zone: events that it dispatches itself, changes of route, and the tracker's methods. */
const USE_IN_ZONE = `
  const results = zone.run(() => {
    setTimeout(() => {});
    document.querySelector("#button").click();
    document.querySelector("#field").focus();
    document.querySelector("#field").dispatchEvent(new Event("input", { bubbles: true }));
    history.pushState({}, "", "?route");
    tracker.page();
    tracker.identify("ada");
    tracker.track("done");
    sdk.hold()();
    sdk.reportMedia(document.querySelector("#text"), { currentTime: 1, duration: 2, paused: false });
    return [tracker.flush(), tracker.features()];
  });
  await Promise.allSettled(results);
`;

const END_IN_ZONE = `
  zone.run(() => {
    tracker.consent("pending");
    tracker.consent("granted");
    tracker.reset();
    tracker.track("again");
    tracker.stop();
  });
`;

describe("a page with a zone of zone.js, such as an app of Angular", () => {
  inEveryBrowser(({ open }) => {
    it.each([
      ["before", ["/zone.js", "/sdk.js"]],
      ["after", ["/sdk.js", "/zone.js"]],
    ])("gets no task of a tracker in its zone when zone.js is loaded %s the SDK", async (_, scripts) => {
      const tab = await open("zone.html");
      await tab.run(`await startInZone(...${JSON.stringify(scripts)})`);
      await tab.move("#text");
      await tab.click("#button");
      await tab.wheel(500);
      await tab.run(USE_IN_ZONE);
      expect(await capturedTypes(tab)).toEqual(
        expect.arrayContaining(["page_view", "click", "custom", "identify", "dwell"]),
      );
      await tab.run(END_IN_ZONE);
      expect(await tab.run("return zoneTasks")).toEqual(["schedule setTimeout", "run setTimeout"]);
    });

    it.each([
      ["before", ["/zone.js", "/sdk.js"]],
      ["after", ["/sdk.js", "/zone.js"]],
    ])("goes on with a tracker after document.open() when zone.js is loaded %s the SDK", async (_, scripts) => {
      const tab = await open("zone.html");
      await tab.run(`await startInZone(...${JSON.stringify(scripts)})`);
      for (const id of ["first", "second"]) {
        await tab.run(`zone.run(() => {
          document.open();
          document.write('<!doctype html><title>Next</title><button id="${id}" type="button">Next</button>');
          document.close();
        })`);
        await tab.click(`#${id}`);
        // The flush ends the wait for a response of the page to the click.
        await tab.run("await tracker.flush()");
        await expect.poll(async () => (await clicked(tab)).at(-1)).toBe(id);
      }
      await tab.run("tracker.stop()");
      await tab.click("#second");
      expect(await clicked(tab)).toEqual(["first", "second"]);
      expect(await tab.run("return zoneTasks")).toEqual([]);
    });

    it("is measured with another class of its own that is named Zone", async () => {
      const tab = await open("zone.html");
      await tab.run(`
        window.Zone = class { static root = { run() {} } };
        await start("/sdk.js");
        tracker.track("done");
      `);
      expect(await capturedTypes(tab)).toContain("custom");
    });
  });
});
