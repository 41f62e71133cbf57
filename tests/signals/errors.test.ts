import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { pass, UNTIL_DRAWN } from "./stopped-clock.ts";
import { captured, capturedOf } from "./test-site.ts";

const settings: PageSettings = { signals: ["pageViews", "errors"], clock: "stopped" };

/** The error events of a tab so far, such as `rejection TypeError 2`. */
const summary = async (tab: Tab) =>
  (await capturedOf(tab, "error")).map(({ kind, error_type, error_count }) => `${kind} ${error_type} ${error_count}`);

/** A script that waits until the browser has reported all rejections, which it does before it draws a frame. */
const flush = (tab: Tab) => tab.run(`${UNTIL_DRAWN} await tracker.flush()`);

describe("the signal errors", () => {
  inEveryBrowser(({ browser, open, url }) => {
    it("counts uncaught exceptions and unhandled rejections by type", async () => {
      const tab = await open("errors.html", settings);
      await tab.click("#fails");
      await tab.run(`
      fail(new RangeError("MARKER"));
      Promise.reject(new RangeError("MARKER"));
      Promise.reject(new (class PaymentError extends Error {})("MARKER"));
      Promise.reject(new DOMException("MARKER", "AbortError"));
    `);
      await expect
        .poll(async () => {
          await pass(tab, 1_000);
          return (await summary(tab)).toSorted();
        })
        .toEqual([
          "error RangeError 1",
          "error TypeError 1",
          "rejection DOMException 1",
          "rejection PaymentError 1",
          "rejection RangeError 1",
        ]);
    });

    it("reports totals at most once a second", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`
        for (let each = 0; each < 6; each += 1) {
          fail(new TypeError("MARKER"));
          ${UNTIL_DRAWN}
          await pass(300);
        }
      `);
      expect(await summary(tab)).toEqual(["error TypeError 4"]);
      await pass(tab, 1_000);
      expect(await summary(tab)).toEqual(["error TypeError 4", "error TypeError 6"]);
      const [first, second] = await capturedOf(tab, "error");
      expect((second?.time ?? 0) - (first?.time ?? 0)).toBeGreaterThanOrEqual(1_000);
    });

    it("does not repeat an unchanged total", async () => {
      const tab = await open("errors.html", settings);
      await tab.run("fail(new TypeError('MARKER'))");
      await flush(tab);
      await pass(tab, 1_300);
      expect(await summary(tab)).toEqual(["error TypeError 1"]);
    });

    it("reports the type unknown for a value that is no error or has no name", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`
      fail("MARKER");
      fail(undefined);
      Promise.reject({ name: "MARKER", message: "MARKER" });
      Promise.reject(null);
      fail(new (class extends Error {})("MARKER"));
    `);
      const all = ["error unknown 3", "rejection unknown 2"];
      const last = async () => {
        await flush(tab);
        const events = await summary(tab);
        return ["error", "rejection"].map((kind) => events.findLast((each) => each.startsWith(kind)));
      };
      await expect.poll(last).toEqual(all);
    });

    it("counts an error in a script of another origin, with the type unknown where the browser hides it", async () => {
      const tab = await open("errors.html", settings);
      await tab.run("failElsewhere()");
      await expect
        .poll(async () => {
          await pass(tab, 1_000);
          return summary(tab);
        })
        .toEqual([
          expect.stringMatching(browser === "firefox" ? /^error (unknown|TypeError) 1$/ : /^error unknown 1$/),
        ]);
    });

    it("ignores a resource that fails to load", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`
      const failures = ["img", "script"].map((tag) => {
        const element = document.createElement(tag);
        element.src = "/missing";
        document.body.append(element);
        return new Promise((resolve) => element.addEventListener("error", resolve));
      });
      await Promise.all(failures);
    `);
      await flush(tab);
      expect(await summary(tab)).toEqual([]);
    });

    it("distinguishes at most twenty types", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`
      for (let each = 0; each < 25; each += 1) fail(new ({ ["Error" + each]: class extends Error {} })["Error" + each]());
      fail(new ({ Error3: class extends Error {} }).Error3());
    `);
      await flush(tab);
      const events = await summary(tab);
      expect(events).toHaveLength(21);
      expect(events).toContain("error other 5");
      expect(events).toContain("error Error3 2");
    });

    it("counts from zero in each page view, and reports the last errors of a page view in that page view", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`
      fail(new TypeError("MARKER"));
      ${UNTIL_DRAWN}
      history.pushState(null, "", "/elsewhere");
      ${UNTIL_DRAWN}
      fail(new TypeError("MARKER"));
    `);
      await flush(tab);
      expect(await summary(tab)).toEqual(["error TypeError 1", "error TypeError 1"]);
      const views = (await capturedOf(tab, "page_view")).map(({ view_id }) => view_id);
      expect((await capturedOf(tab, "error")).map(({ view_id }) => view_id)).toEqual(views);
    });

    it("reports the remaining errors when the page is left", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`fail(new TypeError("MARKER")); ${UNTIL_DRAWN}`);
      await tab.goto(url("plain.html", { signals: ["clicks"] }));
      expect(await summary(tab)).toEqual(["error TypeError 1"]);
    });

    it("reports nothing while the page is hidden, and counts the errors of that time", async () => {
      const tab = await open("errors.html", settings);
      await tab.run(`
      window.hasFailed = new Promise((resolve) => {
        document.addEventListener("visibilitychange", () => fail(new TypeError("MARKER")), { once: true });
        addEventListener("error", () => resolve(), { once: true });
      });
    `);
      await open("plain.html", { signals: ["clicks"] });
      await tab.run("await hasFailed; await pass(2_500)");
      expect(await summary(tab)).toEqual([]);
      await tab.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
      expect(await summary(tab)).toEqual([]);
      await tab.run(`fail(new TypeError("MARKER")); ${UNTIL_DRAWN} await pass(1_000)`);
      expect(await summary(tab)).toEqual(["error TypeError 2"]);
    });

    it("does not report its own exception", async () => {
      const tab = await open("errors.html", { ...settings, signals: ["clicks"] });
      const emissions = await tab.run(`
      let emissions = 0;
      const capture = () => { emissions += 1; throw new TypeError("MARKER"); };
      const stop = sdk.errors()({ capture, on: () => () => {}, beginView: () => ({}), continueSession() {}, runs() {} });
      fail(new TypeError("MARKER"));
      ${UNTIL_DRAWN}
      await pass(3_500);
      stop();
      return emissions;
    `);
      expect(emissions).toBe(1);
    });

    it("throws nothing when a property of the error throws", async () => {
      const tab = await open("errors.html", settings);
      const thrown = await tab.run(`
      let thrown = 0;
      addEventListener("error", () => { thrown += 1; });
      const reason = new Error();
      Object.defineProperty(reason, "constructor", { get() { throw reason; } });
      Promise.reject(reason);
      ${UNTIL_DRAWN}
      return thrown;
    `);
      expect(thrown).toBe(0);
      await flush(tab);
      expect(await summary(tab)).toEqual([]);
    });

    it("never reports a message", async () => {
      const tab = await open("errors.html", settings);
      await tab.run("fail(new TypeError('MARKER')); Promise.reject('MARKER'); failElsewhere()");
      await flush(tab);
      expect((await summary(tab)).length).toBeGreaterThan(1);
      expect(JSON.stringify(await captured(tab))).not.toContain("MARKER");
    });

    it("leaves no listener and no timer", async () => {
      const tab = await open("errors.html", { ...settings, signals: ["clicks"] });
      const act = `
      fail(new TypeError("MARKER"));
      ${UNTIL_DRAWN}
      window.emitted = emitted;
    `;
      expect(await listenersLeftBy(tab, "errors", act)).toEqual([]);
      await pass(tab, 1_300);
      expect(await tab.run("return emitted")).toEqual([]);
    });
  });
});
