import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { captured, capturedOf } from "./test-site.ts";

const measuring = { signals: ["pageViews", "errors"] };

/** What was told of errors, as `rejection TypeError 2`. */
const story = async (tab: Tab) =>
  (await capturedOf(tab, "error")).map(({ kind, error_type, error_count }) => `${kind} ${error_type} ${error_count}`);

const flush = (tab: Tab) => tab.run("await new Promise((resolve) => setTimeout(resolve, 50)); await tracker.flush()");

inEveryBrowser(({ browser, open, url }) => {
  it("counts uncaught exceptions and unhandled rejections, each by its type", async () => {
    const tab = await open("errors.html", measuring);
    await tab.click("#fails");
    await tab.run(`
      fail(new RangeError("MARKER"));
      Promise.reject(new RangeError("MARKER"));
      Promise.reject(new (class PaymentError extends Error {})("MARKER"));
      Promise.reject(new DOMException("MARKER", "AbortError"));
    `);
    await expect
      .poll(async () => (await story(tab)).toSorted(), { timeout: 5_000 })
      .toEqual([
        "error RangeError 1",
        "error TypeError 1",
        "rejection DOMException 1",
        "rejection PaymentError 1",
        "rejection RangeError 1",
      ]);
  });

  it("tells totals, at most once a second", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run(
      "for (const after of [0, 300, 600, 900, 1200, 1500]) setTimeout(fail, after, new TypeError('MARKER'))",
    );
    await expect.poll(async () => (await story(tab)).at(-1), { timeout: 10_000 }).toBe("error TypeError 6");
    const told = await capturedOf(tab, "error");
    expect(told).toHaveLength(2);
    expect((told[1]?.time ?? 0) - (told[0]?.time ?? 0)).toBeGreaterThanOrEqual(995);
  });

  it("tells nothing again when nothing was added", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run("fail(new TypeError('MARKER'))");
    await flush(tab);
    await flush(tab);
    await setTimeout(1_300);
    expect(await story(tab)).toEqual(["error TypeError 1"]);
  });

  it("calls unknown what is no error or has no name", async () => {
    const tab = await open("errors.html", measuring);
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
      const told = await story(tab);
      return ["error", "rejection"].map((kind) => told.findLast((each) => each.startsWith(kind)));
    };
    await expect.poll(last, { timeout: 5_000 }).toEqual(all);
  });

  it("counts what fails in a script of another origin, as unknown where the browser does not say what it was", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run("failElsewhere()");
    await expect
      .poll(() => story(tab), { timeout: 5_000 })
      .toEqual([expect.stringMatching(browser === "firefox" ? /^error (unknown|TypeError) 1$/ : /^error unknown 1$/)]);
  });

  it("takes a resource that cannot be loaded for no error", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run(`
      const failures = ["img", "script"].map((tag) => {
        const element = document.createElement(tag);
        element.src = "/there-is-none";
        document.body.append(element);
        return new Promise((resolve) => element.addEventListener("error", resolve));
      });
      await Promise.all(failures);
    `);
    await flush(tab);
    expect(await story(tab)).toEqual([]);
  });

  it("tells at most twenty types apart", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run(`
      for (let each = 0; each < 25; each += 1) fail(new ({ ["Error" + each]: class extends Error {} })["Error" + each]());
      fail(new ({ Error3: class extends Error {} }).Error3());
    `);
    await flush(tab);
    const told = await story(tab);
    expect(told).toHaveLength(21);
    expect(told).toContain("error other 5");
    expect(told).toContain("error Error3 2");
  });

  it("counts anew in each view, and tells the last of a view in it", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run(`
      fail(new TypeError("MARKER"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      history.pushState(null, "", "/elsewhere");
      await new Promise((resolve) => setTimeout(resolve, 50));
      fail(new TypeError("MARKER"));
    `);
    await flush(tab);
    expect(await story(tab)).toEqual(["error TypeError 1", "error TypeError 1"]);
    const views = (await capturedOf(tab, "page_view")).map(({ view_id }) => view_id);
    expect((await capturedOf(tab, "error")).map(({ view_id }) => view_id)).toEqual(views);
  });

  it("tells what is left when the page is left", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run("fail(new TypeError('MARKER')); await new Promise((resolve) => setTimeout(resolve, 50))");
    await tab.goto(url("plain.html", { signals: ["clicks"] }));
    expect(await story(tab)).toEqual(["error TypeError 1"]);
  });

  it("tells nothing while the page is hidden, and counts what fails then", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run(`
      window.hasFailed = new Promise((resolve) => document.addEventListener("visibilitychange", () => {
        fail(new TypeError("MARKER"));
        setTimeout(resolve, 2_500);
      }, { once: true }));
    `);
    await open("plain.html", { signals: ["clicks"] });
    await tab.run("await hasFailed");
    await tab.front();
    expect(await story(tab)).toEqual([]);
    await tab.run("fail(new TypeError('MARKER'))");
    await expect.poll(() => story(tab), { timeout: 5_000 }).toEqual(["error TypeError 2"]);
  });

  it("does not report its own failure, again and again", async () => {
    const tab = await open("errors.html", { signals: ["clicks"] });
    const emissions = await tab.run(`
      let emissions = 0;
      const capture = () => { emissions += 1; throw new TypeError("MARKER"); };
      const stop = sdk.errors()({ capture, on: () => () => {}, beginView: () => ({}) });
      fail(new TypeError("MARKER"));
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      stop();
      return emissions;
    `);
    expect(emissions).toBe(1);
  });

  it("throws nothing when what was thrown cannot be looked at", async () => {
    const tab = await open("errors.html", measuring);
    const thrown = await tab.run(`
      let thrown = 0;
      addEventListener("error", () => { thrown += 1; });
      const reason = new Error();
      Object.defineProperty(reason, "constructor", { get() { throw reason; } });
      Promise.reject(reason);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return thrown;
    `);
    expect(thrown).toBe(0);
    await flush(tab);
    expect(await story(tab)).toEqual([]);
  });

  it("never tells a message", async () => {
    const tab = await open("errors.html", measuring);
    await tab.run("fail(new TypeError('MARKER')); Promise.reject('MARKER'); failElsewhere()");
    await flush(tab);
    expect((await story(tab)).length).toBeGreaterThan(1);
    expect(JSON.stringify(await captured(tab))).not.toContain("MARKER");
  });

  it("leaves no listener behind, and no timer", async () => {
    const tab = await open("errors.html", { signals: ["clicks"] });
    const act = `
      fail(new TypeError("MARKER"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      window.emitted = emitted;
    `;
    expect(await listenersLeftBy(tab, "errors", act)).toEqual([]);
    await setTimeout(1_300);
    expect(await tab.run("return emitted")).toEqual([]);
  });
});
