import { expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** Runs in the page, and gives what was warned of there, in words; a throw would fail it. */
const warnings = (tab: Tab, act: string) =>
  tab.run<string[]>(`
    const warned = [];
    const { warn } = console;
    console.warn = (...words) => warned.push(words.join(" "));
    try { ${act} } finally { console.warn = warn; }
    return warned;
  `);

const KEY = `key: "tm_test_11111111"`;
const ENDPOINT = "endpoint: location.origin";

inEveryBrowser(({ open }) => {
  it.each([
    ["no key", `{ ${ENDPOINT} }`, 'not "undefined"'],
    ["a key of another kind", `{ key: "UA-1234", ${ENDPOINT} }`, 'not "UA-1234"'],
    ["no endpoint", `{ ${KEY} }`, 'and "undefined"'],
    ["an endpoint that is no URL", `{ ${KEY}, endpoint: "collector.example" }`, 'and "collector.example"'],
    ["neither", "{}", 'not "undefined" and "undefined"'],
  ])("measures nothing with %s, says so once, and disturbs nobody", async (_, options, words) => {
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
    expect(warned[0]).toContain(words);
  });

  it.each(["undefined", "null", "5", "'clicks'", "{}", "[null, 5]"])(
    "measures the rest when its signals are %s, and disturbs nobody",
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

  it("measures nothing without any options, says so once, and disturbs nobody", async () => {
    const tab = await open("plain.html", { signals: [] });
    const warned = await warnings(tab, `const tracker = sdk.createTracker(); tracker.track("one"); tracker.stop();`);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('not "undefined" and "undefined"');
  });

  it("leaves out properties that are no JSON or too large, says which, and keeps the event", async () => {
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
});
