import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** Runs a script in the page and returns the warnings. An exception of the script fails the test. */
const warnings = (tab: Tab, script: string) =>
  tab.run<string[]>(`
    const warned = [];
    const { warn } = console;
    console.warn = (...words) => warned.push(words.map(String).join(" "));
    try { ${script} } finally { console.warn = warn; }
    return warned;
  `);

const KEY = `key: "tm_test_11111111"`;
const ENDPOINT = "endpoint: location.origin";

describe("a tracker with wrong input", () => {
  inEveryBrowser(({ open }) => {
    it.each([
      ["no key", `{ ${ENDPOINT} }`, 'got "undefined"'],
      ["a key of another tool", `{ key: "UA-1234", ${ENDPOINT} }`, 'got "UA-1234"'],
      ["no endpoint", `{ ${KEY} }`, 'and "undefined"'],
      ["an endpoint that is not a URL", `{ ${KEY}, endpoint: "collector.example" }`, 'and "collector.example"'],
      ["neither", "{}", 'got "undefined" and "undefined"'],
    ])("measures nothing with %s, warns once, and does not disturb the page", async (_, options, expected) => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(
        tab,
        `const { fetch } = window;
      window.fetch = (url) => { if (!/sdk/.test(url)) console.warn("fetched " + url); };
      const tracker = sdk.createTracker({ signals: [sdk.pageViews(), sdk.clicks()], ...${options} });
      tracker.track("one"); tracker.identify("ada"); tracker.page(); tracker.reset(); tracker.consent("granted");
      await tracker.flush().catch(() => {});
      tracker.stop();
      window.fetch = fetch;`,
      );
      expect(warned).toHaveLength(1);
      expect(warned[0]).toMatch(/nothing is measured: expected key "tm_<site>_…" and endpoint "https:/);
      expect(warned[0]).toContain(expected);
    });

    it.each(["undefined", "null", "5", "'clicks'", "{}", "[null, 5]"])(
      "measures everything else if signals is %s, and does not disturb the page",
      async (signals) => {
        const tab = await open("plain.html", { signals: [] });
        const warned = await warnings(
          tab,
          `const other = sdk.createTracker({ ${KEY}, ${ENDPOINT}, signals: ${signals} });
        other.track("one");
        await other.flush();
        other.stop();`,
        );
        for (const warning of warned) expect(warning).toMatch(/^\[tidemark\] TypeError/);
        expect(warned.length).toBe({ undefined: 0, "[null, 5]": 2 }[signals] ?? 1);
      },
    );

    it("measures nothing without options, warns once, and does not disturb the page", async () => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(tab, `const tracker = sdk.createTracker(); tracker.track("one"); tracker.stop();`);
      expect(warned).toHaveLength(1);
      expect(warned[0]).toContain('got "undefined" and "undefined"');
    });

    it("drops properties that are not JSON or too large, warns about each, and keeps the event", async () => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(
        tab,
        `const cyclic = {}; cyclic.self = cyclic;
      tracker.track("cyclic", cyclic);
      tracker.track("huge", { text: "x".repeat(9000) });
      tracker.track("big", { number: 1n });
      tracker.identify("ada", cyclic);
      await tracker.flush();`,
      );
      expect(warned).toHaveLength(4);
      for (const warning of warned) expect(warning).toMatch(/^\[tidemark\] (properties|traits) dropped: /);
      expect(warned[1]).toContain("9011 bytes > 8192");
      const events = await tab.run<{ type: string; name?: string; properties?: object }[]>("return captured");
      expect(events.map(({ type, name }) => name ?? type)).toEqual(["cyclic", "huge", "big", "identify"]);
      expect(events.filter(({ properties }) => properties)).toEqual([]);
    });

    it("ignores a user id that is neither a text nor a finite number, or a blank text, with one warning", async () => {
      const tab = await open("plain.html", { signals: [] });
      const wrong = ["undefined", "null", "''", "' \\n'", "NaN", "Infinity", "true", "{}", "[]", "['ada']"].concat([
        "new String('ada')",
        "() => {}",
        "5n",
        "Symbol()",
        "'\\ud800'",
        "'ada\\udc00'",
      ]);
      for (const id of ["", ...wrong])
        expect(await warnings(tab, `tracker.identify(${id});`)).toEqual([
          expect.stringMatching(/^\[tidemark\] identify: ignored\. Expected a user id like "user-17", got/),
        ]);
      await tab.run("await tracker.flush()");
      expect(await tab.run("return captured")).toEqual([]);
    });

    it("keeps the user if a later id is ignored, and cuts a long id between characters", async () => {
      const tab = await open("plain.html", { signals: [] });
      await tab.run(`
        for (const id of ["ada", undefined, 17, 0, "0", " eve ", "x".repeat(199) + "😀"]) tracker.identify(id);
        tracker.track("later");
        await tracker.flush();`);
      const events = await tab.run<{ user_id?: string }[]>("return captured");
      expect(events.map(({ user_id }) => user_id)).toEqual([
        "ada",
        "17",
        "0",
        "0",
        " eve ",
        "x".repeat(199),
        undefined,
      ]);
    });
  });
});
