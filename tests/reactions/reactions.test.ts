import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

const ID = "reaction-1";

/** Time in which another page shows that it has taken a step, and more, in milliseconds. */
const SLOW = { timeout: 15_000, interval: 250 };

let key: string;

/** Starts a tracker with reactions, and records those that its listener receives in `window.reactions`. */
const start = (options = "{}") => `
  window.reactions = [];
  start({ key: "${key}", reactions: sdk.reactions, ...${options} });
  tracker.on("reaction", (reaction) => reactions.push(reaction));
`;

/** Sends a batch, and returns the ids of the reactions that the page has received so far. */
const EXCHANGE = `tracker.track("sent"); await tracker.flush(); return reactions.map(({ id }) => id);`;

const exchange = (tab: Tab) => tab.run<string[]>(EXCHANGE);

describe("reactions", () => {
  inEveryBrowser(({ open, url, reactionsOf }) => {
    beforeEach(() => {
      key = `tm_test_${randomUUID().replaceAll("-", "")}`;
    });

    const fire = (payload = {}) =>
      reactionsOf(key).pending.push({ id: ID, name: "offer", payload, expires_in_ms: 600_000 });
    const notes = `return localStorage.getItem("tidemark.${key}.reactions")`;

    it("reach the page in the response to its own batch, and their events reach the collector", async () => {
      const tab = await open("consent.html");
      await tab.run(start());
      fire({ percent: 10 });
      await expect.poll(() => exchange(tab)).toEqual([ID]);
      expect(await tab.run("return reactions[0].payload")).toEqual({ percent: 10 });
      await tab.run(`reactions[0].shown(); reactions[0].acted("accepted"); reactions[0].dismissed()`);
      await exchange(tab);
      const types = `return sent.flatMap(({ events }) => events).filter((event) => event.reaction_id).map(({ type }) => type)`;
      expect(await tab.run(types)).toEqual(["reaction_shown", "reaction_acted", "reaction_dismissed"]);
      expect(reactionsOf(key)).toEqual({ pending: [], received: [ID], unknown: [] });
      expect(await tab.run("return failures")).toEqual([]);
    });

    it("reach one of several pages that are visible", async () => {
      const tab = await open("consent.html");
      // Frames are visible, and share the storage of the page.
      await tab.run(`
        window.pages = [window];
        for (const index of [1, 2]) {
          const frame = document.createElement("iframe");
          frame.src = "/consent.html?" + index;
          await new Promise((resolve) => { frame.onload = resolve; document.body.prepend(frame); });
          pages.push(frame.contentWindow);
        }
        for (const page of pages) page.eval(${JSON.stringify(start())});
      `);
      await expect.poll(() => tab.run("return pages.every(({ tracker }) => tracker)")).toBe(true);
      fire();
      const received = `
        await Promise.all(pages.map(({ tracker }) => { tracker.track("sent"); return tracker.flush(); }));
        return pages.flatMap(({ reactions }) => reactions.map(({ id }) => id));
      `;
      await expect.poll(() => tab.run(received)).toEqual([ID]);
      await expect.poll(() => reactionsOf(key).pending, SLOW).toEqual([]);
      for (let left = 3; left > 0; left -= 1) expect(await tab.run(received)).toEqual([ID]);
    });

    it("reach no page after a reload, and the page's next batch acknowledges them", async () => {
      const tab = await open("consent.html");
      await tab.run(start());
      const { pending } = reactionsOf(key);
      fire();
      await expect.poll(() => exchange(tab)).toEqual([ID]);
      await tab.goto(url("consent.html"));
      // The collector has lost the acknowledgement of the page that was left.
      reactionsOf(key).pending = pending;
      await tab.run(start());
      for (let left = 3; left > 0; left -= 1) expect(await exchange(tab)).toEqual([]);
      expect(reactionsOf(key)).toMatchObject({ pending: [], unknown: [] });
      expect(reactionsOf(key).received).toContain(ID);
    });

    it("are unknown when their page has not confirmed the call of its listeners", async () => {
      const tab = await open("consent.html");
      // No further write to the storage, as in a page that ends here.
      await tab.run(`${start()} tracker.on("reaction", () => {
        const { setItem } = Storage.prototype;
        window.end = () => { Storage.prototype.setItem = setItem; };
        Storage.prototype.setItem = () => { throw new Error("the page has ended"); };
        window.fetch = async () => { throw new Error("the page has ended"); };
      })`);
      fire();
      await expect
        .poll(() => tab.run(`${EXCHANGE.replace("await tracker.flush();", "await tracker.flush().catch(() => {});")}`))
        .toEqual([ID]);
      await tab.goto(url("consent.html"));
      await tab.run(start());
      await expect.poll(async () => [await exchange(tab), reactionsOf(key).unknown], SLOW).toEqual([[], [ID]]);
      expect(reactionsOf(key)).toEqual({ pending: [], received: [], unknown: [ID] });
    });

    it("wait for a listener", async () => {
      const tab = await open("consent.html");
      await tab.run(`window.reactions = []; start({ key: "${key}", reactions: sdk.reactions });`);
      fire();
      for (let left = 2; left > 0; left -= 1) expect(await exchange(tab)).toEqual([]);
      await tab.run(`tracker.on("reaction", (reaction) => reactions.push(reaction))`);
      await expect.poll(() => tab.run("return reactions.length")).toBe(1);
    });

    it.each(["cookieless: true", ""])("reach a page that stores nothing: %s", async (option) => {
      const tab = await open("consent.html");
      if (!option) await tab.run(`Object.defineProperty(window, "localStorage", { get() { throw new Error("no") } });`);
      await tab.run(start(`{ ${option} }`));
      fire();
      await expect.poll(() => exchange(tab)).toEqual([ID]);
      for (let left = 2; left > 0; left -= 1) expect(await exchange(tab)).toEqual([ID]);
      expect(reactionsOf(key).received).toEqual([ID]);
      if (option) expect(await tab.run(notes)).toBeNull();
    });

    it.each([`tracker.consent("denied")`, `tracker.consent({ personalisation: "denied" })`, "tracker.reset()"])(
      "end, and leave no note, after %s",
      async (leave) => {
        const tab = await open("consent.html");
        await tab.run(`${start()} window.ended = []; tracker.on("reaction_end", ({ id }) => ended.push(id))`);
        fire();
        await expect.poll(() => exchange(tab)).toEqual([ID]);
        expect(await tab.run(notes)).toContain(ID);
        await tab.run(leave);
        expect(await tab.run("return ended")).toEqual([ID]);
        expect(await tab.run(notes)).toBeNull();
      },
    );

    it("end on the site's other pages when the visitor logs out", async () => {
      const tab = await open("consent.html");
      await tab.run(`${start()} window.ended = []; tracker.on("reaction_end", ({ id }) => ended.push(id))`);
      fire();
      await expect.poll(() => exchange(tab)).toEqual([ID]);
      const other = await open("consent.html?");
      await other.run(`${start()} tracker.track("sent"); await tracker.flush(); tracker.reset();`);
      await expect.poll(() => tab.run("return ended")).toEqual([ID]);
      expect(await other.run(notes)).toBeNull();
    });
  });
});
