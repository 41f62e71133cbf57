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
      expect(warned[0]).toMatch(/nothing is measured: expected key "tm_<site>_…" and as endpoint a URL like https:/);
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

    it("leaves out properties that the contract does not allow, warns once for each reason, and keeps the event", async () => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(
        tab,
        `const cyclic = { good: 1 }; cyclic.self = cyclic;
      tracker.track("cyclic", cyclic);
      tracker.track("huge", { good: 1, text: "x".repeat(9000) });
      tracker.track("big", { good: 1, number: 1n, nan: NaN, map: new Map([[1, 2]]), node: document.body });
      tracker.track("deep", { good: 1, deep: [[[[[1]]]]], five: [[[[1]]]] });
      tracker.page({ good: 1, bad() {} });
      tracker.identify("ada", { good: 1, bad: Symbol() });
      tracker.track("list", [1, 2]);
      await tracker.flush();`,
      );
      expect(warned).toEqual([
        expect.stringMatching(/^\[tidemark\] properties: left out, .*without JSON: self$/),
        expect.stringMatching(/^\[tidemark\] properties: left out, .*8192 bytes: text$/),
        expect.stringMatching(/^\[tidemark\] properties: left out, .*5 levels: deep$/),
        expect.stringMatching(/^\[tidemark\] traits: left out, .*without JSON: bad$/),
        expect.stringMatching(/^\[tidemark\] properties: left out, .*no object: properties$/),
      ]);
      const events = await tab.run<object[]>("return captured");
      expect(events).toMatchObject([
        { name: "cyclic", properties: { good: 1 }, dropped_properties: ["self"] },
        { name: "huge", properties: { good: 1 }, dropped_properties: ["text"] },
        { name: "big", properties: { good: 1 }, dropped_properties: ["number", "nan", "map", "node"] },
        { name: "deep", properties: { good: 1, five: [[[[1]]]] }, dropped_properties: ["deep"] },
        { type: "page_view", properties: { good: 1 }, dropped_properties: ["bad"] },
        { type: "identify", traits: { good: 1 }, dropped_properties: ["bad"] },
        { name: "list", dropped_properties: ["properties"] },
      ]);
    });

    it("captures no custom event without a name, and cuts a long one", async () => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(
        tab,
        `for (const name of [undefined, null, "", {}, Symbol(), () => {}, []]) tracker.track(name);
      tracker.track(404);
      tracker.track("n".repeat(101));
      await tracker.flush();`,
      );
      expect(warned).toEqual([expect.stringMatching(/name is no text/), expect.stringMatching(/100 characters/)]);
      expect(await tab.run("return captured.map(({ name, seq }) => [name, seq])")).toEqual([
        ["404", 0],
        ["n".repeat(100), 1],
      ]);
    });

    it("sends what the collector accepts, whatever other scripts have stored, and whatever consent and page views get", async () => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(
        tab,
        `const stored = { visitor: { anonymous_id: 5, session_id: "x", user_id: "", more: 1 }, started_at: Date.now(), active_at: Date.now() };
      localStorage["tidemark.tm_test_11111111"] = JSON.stringify(stored);
      sessionStorage["tidemark.tm_test_11111111"] = JSON.stringify({ session_id: "x", tab_id: {}, next_seq: -1 });
      let context;
      const signals = [(given) => ((context = given), () => {})];
      const other = sdk.createTracker({ ${KEY}, ${ENDPOINT}, signals, sessionId: "short", consent: { measurement: "granted", marketing: "yes" } });
      window.sent = [];
      other.on("sent", (batch) => sent.push(JSON.parse(JSON.stringify(batch))));
      context.beginView("manual", { title: "😀".repeat(400), language: 5, screen_width: NaN, viewport_width: -1.5, color_scheme: "pink", url: 1, more: 1 });
      other.consent({ measurement: "granted", personalisation: "maybe", marketing: "granted" });
      other.track("one");
      await other.flush();
      other.stop();`,
      );
      expect(warned).toEqual([expect.stringMatching(/^\[tidemark\] sessionId: ignored, .* short$/)]);
      const [sent] = await tab.run<object[]>("return sent.slice(-1)");
      expect(sent).toMatchObject({
        session_id: expect.stringMatching(/^test\./),
        anonymous_id: expect.stringMatching(/^[\w-]{8,64}$/),
        consent: { measurement: "granted", personalisation: "pending" },
      });
      const { views } = sent as { views: object[] };
      const { started_at, url, view_id, signals, ...fields } = views.at(-1) as Record<string, unknown>;
      expect(fields).toEqual({ title: "😀".repeat(150), viewport_width: 0 });
    });

    it("captures what beforeSend makes of an event as far as the contract allows, and nothing that has no JSON", async () => {
      const tab = await open("plain.html", { signals: [] });
      await warnings(
        tab,
        `const beforeSend = (event) => {
        if (event.name === "bad") event.added = 1n;
        else Object.assign((event.properties ??= {}), { bad: 1n, long: "x".repeat(9000) });
        return event;
      };
      const changing = sdk.createTracker({ ${KEY}, ${ENDPOINT}, beforeSend });
      window.changed = [];
      changing.on("event", (event) => changed.push(event));
      const given = { good: 1 };
      changing.track("one", given);
      changing.track("bad");
      changing.track("two", { early: NaN });
      if (Object.keys(given).length !== 1) throw new Error("the page's own object was changed");
      await changing.flush();
      changing.stop();`,
      );
      expect(await tab.run("return changed")).toMatchObject([
        { name: "one", seq: 0, properties: { good: 1 }, dropped_properties: ["bad", "long"] },
        { name: "two", seq: 1, properties: {}, dropped_properties: ["early", "bad", "long"] },
      ]);
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
