import type { Event, EventOf, EventType } from "@tidemark/schema";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Browser, browserNames, startBrowser, type Tab } from "../browsers/browser.ts";
import { type Page, startTagSite, type TagSite } from "./tag-site.ts";

const KEY = "tm_test_00000000";
const OTHER_KEY = "tm_other_00000000";

describe.each(browserNames)("the script tag in %s", (name) => {
  let site: TagSite;
  let browser: Browser;
  let tabs: Tab[] = [];

  beforeAll(async () => {
    site = await startTagSite();
    browser = await startBrowser(name);
  });
  afterAll(async () => {
    await browser?.stop();
    await site?.stop();
  });
  afterEach(async () => {
    for (const tab of tabs) await tab.close();
    tabs = [];
  });

  const open = async (page: Page, query = ""): Promise<Tab> => {
    const url = site.page(page);
    const tab = await browser.newTab();
    tabs.push(tab);
    await tab.goto(url + query);
    return tab;
  };
  const tag = (attributes = `async data-key="${KEY}"`, file = "tidemark.js") =>
    `<script src="${site.collector}/${file}" ${attributes}></script>`;
  const inlineStub = (attributes = "") => `<script ${attributes}>${site.stub}</script>`;
  const seen = (tab: Tab) => tab.run<{ warnings: string[]; failures: string[] }>("return window.seen");
  const eventsOf = <T extends EventType>(type: T, key = KEY): EventOf<T>[] =>
    site.events(key).filter((event: Event): event is EventOf<T> & Event => event.type === type) as EventOf<T>[];
  /** Clicks the button and waits until the collector has that. */
  const clickThrough = async (tab: Tab, key = KEY) => {
    await tab.click("#button");
    await tab.run("await window.tidemark?.flush?.()");
    await expect.poll(() => eventsOf("click", key).length).toBe(1);
  };
  const undisturbed = { warnings: [], failures: [] };

  describe("in its place", () => {
    it.each(["head", "body"] as const)("measures from the %s, with async, defer or neither", async (place) => {
      for (const how of ["async", "defer", ""]) {
        const tab = await open({ [place]: tag(`${how} data-key="${KEY}"`) });
        await clickThrough(tab);
        await expect.poll(() => eventsOf("page_view").length).toBe(1);
        expect(await seen(tab)).toEqual(undisturbed);
      }
    });

    it("measures when a script adds it, as tag managers do", async () => {
      const tab = await open({});
      await tab.run(`
        const script = document.createElement("script");
        script.dataset.key = "${KEY}";
        script.src = "${site.collector}/tidemark.js";
        document.body.append(script);
      `);
      await clickThrough(tab);
      expect(await seen(tab)).toEqual(undisturbed);
    });

    it("is one tracker when it is there twice", async () => {
      const tab = await open({ head: tag() + tag(`defer data-key="${KEY}"`), body: tag() });
      await clickThrough(tab);
      await tab.run("await tidemark.flush()");
      expect([eventsOf("page_view").length, eventsOf("click").length]).toEqual([1, 1]);
      expect(await seen(tab)).toEqual(undisturbed);
    });

    it("takes the place of an element that has its name as id", async () => {
      const tab = await open({ head: inlineStub(), body: `<p id="tidemark"></p>${tag()}` });
      await tab.run(`tidemark.track("after")`);
      await expect.poll(() => eventsOf("custom").map(({ name }) => name)).toEqual(["after"]);
      expect(await seen(tab)).toEqual(undisturbed);
    });

    it("loads nothing but itself when no more is named", async () => {
      const tab = await open({ head: tag() });
      await clickThrough(tab);
      expect(site.scripts()).toEqual(["/tidemark.js"]);
    });
  });

  it("explains itself in the console when the page's URL asks for it", async () => {
    const tab = await open({ head: tag() }, "?tidemark_debug");
    await expect.poll(() => site.scripts()).toContainEqual(expect.stringMatching(/-v.*-debug\.js$/));
    await expect
      .poll(async () => {
        await tab.run(`tidemark.track("seen")`);
        return tab.run("return infos");
      })
      .toContainEqual(expect.stringMatching(/^\[tidemark\] custom \d+/));
    expect(await seen(tab)).toEqual(undisturbed);
  });

  describe("of several instances", () => {
    it("gives each key a tracker of its own, the first in window.tidemark and others where data-name says", async () => {
      const tab = await open({
        head:
          inlineStub() +
          tag(`data-key="${KEY}"`) +
          tag(`data-key="${OTHER_KEY}" data-name="other" data-signals="clicks"`),
      });
      await tab.run(`tidemark.track("to one"); other.track("to other")`);
      await tab.click("#button");
      await tab.run("await tidemark.flush(); await other.flush()");
      const told = (key: string) => site.events(key).map((event) => ("name" in event ? event.name : event.type));
      expect(told(KEY)).toEqual(expect.arrayContaining(["page_view", "to one", "click"]));
      expect(told(OTHER_KEY).toSorted()).toEqual(["click", "to other"]);
      expect(await seen(tab)).toEqual(undisturbed);
    });

    it("leaves window.tidemark to the first", async () => {
      const tab = await open({ head: tag(`data-key="${KEY}"`) + tag(`data-key="${OTHER_KEY}"`) });
      await tab.run(`tidemark.track("mine"); await tidemark.flush()`);
      expect(eventsOf("custom").map(({ name }) => name)).toEqual(["mine"]);
      await clickThrough(tab, OTHER_KEY);
      expect(await seen(tab)).toEqual(undisturbed);
    });
  });

  describe("with the stub", () => {
    it("makes the calls of before in their order, and those through the stub's methods later", async () => {
      const tab = await open({
        head: `${inlineStub()}<script>
          tidemark.track("first", { n: 1 });
          var early = tidemark.track;
          tidemark.identify("user-1");
          tidemark.track("second");
          var features = tidemark.features();
        </script>`,
        body: tag(),
      });
      expect(await tab.run("return features")).toEqual({ click_count: 7 });
      await tab.run(`early("third"); await tidemark.flush()`);
      const told = site.events(KEY).filter(({ type }) => type === "custom" || type === "identify");
      expect(told.map((event) => ("name" in event ? event.name : event.type))).toEqual([
        "first",
        "identify",
        "second",
        "third",
      ]);
      expect(await seen(tab)).toEqual(undisturbed);
    });

    it("holds everything until the visitor consents, which the page may say before the tag is there", async () => {
      const pending = tag(`async data-key="${KEY}" data-consent="pending" data-cookieless`);
      const tab = await open({ head: `${inlineStub()}<script>tidemark.track("held");</script>${pending}` });
      expect(await tab.run("return tidemark.flush().catch(String)")).toMatch(/no consent/);
      expect(site.events(KEY)).toEqual([]);
      await tab.run(`tidemark.consent("granted"); await tidemark.flush()`);
      expect(eventsOf("custom").map(({ name }) => name)).toEqual(["held"]);

      const granted = await open({ head: `${inlineStub()}<script>tidemark.consent("granted");</script>${pending}` });
      await clickThrough(granted);
    });

    it("keeps the last thousand calls when the tag never comes", async () => {
      const tab = await open({ head: inlineStub() });
      const [count, first] = await tab.run<[number, string]>(`
        for (let n = 0; n < 1500; n += 1) tidemark.track("n" + n);
        return [tidemark.q.length, tidemark.q[0][1][0]];
      `);
      expect([count, first]).toEqual([1000, "n500"]);
    });

    it("is there under the name of another instance, as a file of its own", async () => {
      const stub = `<script src="${site.collector}/tidemark-stub.js" data-name="other"></script>`;
      const tab = await open({ head: stub, body: tag(`async data-key="${KEY}" data-name="other"`) });
      await tab.run(`other.track("early or late")`);
      await expect.poll(() => eventsOf("custom").length).toBe(1);
      expect(await seen(tab)).toEqual(undisturbed);
    });
  });

  describe("under a strict policy", () => {
    const MORE = `data-key="${KEY}" data-signals="clicks clickEvidence media"`;
    const policies: [what: string, policy: () => string, head: () => string][] = [
      ["of nonces", () => `script-src 'nonce-n'`, () => inlineStub(`nonce="n"`) + tag(`async nonce="n" ${MORE}`)],
      [
        "of nonces, strict-dynamic and Trusted Types",
        () => `script-src 'nonce-n' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types tidemark`,
        () => inlineStub(`nonce="n"`) + tag(`async nonce="n" ${MORE}`),
      ],
      [
        "of origins, with the hash of the stub",
        () => `script-src 'self' ${site.collector} '${site.stubHash}'`,
        () => inlineStub() + tag(`async ${MORE}`),
      ],
      [
        "of origins, with the stub as a file",
        () => `script-src 'self' ${site.collector}`,
        () => `<script src="${site.collector}/tidemark-stub.js"></script>${tag(`async ${MORE}`)}`,
      ],
    ];
    it.each(policies)("%s it measures, and breaks nothing of it", async (_, policy, head) => {
      const own = `img-src data:; connect-src ${site.collector}; base-uri 'none'; form-action 'none'`;
      const tab = await open({ head: head(), policy: `default-src 'none'; ${policy()}; ${own}` });
      await expect.poll(() => tab.run("return typeof tidemark.flush")).toBe("function");
      await expect.poll(() => site.scripts().filter((path) => path.includes("-v")).length).toBe(2);
      await tab.run(`tidemark.track("fine")`);
      await clickThrough(tab);
      await expect.poll(() => eventsOf("custom").length).toBe(1);
      expect(await seen(tab)).toEqual(undisturbed);
    });
  });

  describe("with its integrity", () => {
    it("runs when the hash is that of the file", async () => {
      const sri = `async crossorigin integrity="${site.integrity}" data-key="${KEY}"`;
      await clickThrough(await open({ head: tag(sri, site.immutable) }));
    });

    it("does not run when the file is another", async () => {
      const wrong = site.integrity.replace(/-./, "-_").replace("_", site.integrity[7] === "A" ? "B" : "A");
      const tab = await open({ head: tag(`crossorigin integrity="${wrong}" data-key="${KEY}"`, site.immutable) });
      expect(await tab.run("return typeof tidemark")).toBe("undefined");
    });
  });

  describe("told what to measure", () => {
    it("measures all that is named, and nothing else", async () => {
      const names =
        "clicks clickLinks clickNames clickTexts clickEvidence forms selections errors elementDwell webVitals media";
      const tab = await open({
        head: tag(`async data-key="${KEY}" data-signals="${names}"`),
        body: `<p><a id="link" href="#there">A link</a></p><form><input id="field"></form><p data-tm-dwell="p">Text</p>`,
      });
      await expect.poll(() => site.scripts().filter((path) => path.includes("-v")).length).toBe(3);
      // The last of its files is there, but the page may not have run it yet.
      await expect.poll(() => tab.run("return document.querySelectorAll('script[src*=\"-v\"]').length")).toBe(3);
      await expect
        .poll(async () => {
          await tab.click("#link");
          await tab.run("await tidemark.flush()");
          return eventsOf("click").at(-1);
        })
        .toMatchObject({ link: "internal", label: "A link", text: "A link", burst: expect.any(Number) });
      await tab.click("#field");
      await tab.run(`setTimeout(() => { throw new TypeError("on purpose") })`);
      await expect.poll(() => eventsOf("form_start").length).toBe(1);
      await expect.poll(() => eventsOf("error").length).toBe(1);
      await expect.poll(() => eventsOf("web_vital").length).toBeGreaterThan(0);
      await tab.run("await tidemark.flush()");
      expect(eventsOf("element_dwell")[0]).toMatchObject({ target: { tag: "p" } });
      for (const type of ["page_view", "hover", "scroll", "dwell"] as const) expect(eventsOf(type)).toEqual([]);
      expect((await seen(tab)).warnings).toEqual([]);
    });

    it("turns on the signal that a name says more of", async () => {
      const tab = await open({ head: tag(`async data-key="${KEY}" data-signals="readingDetails"`) });
      await expect
        .poll(async () => {
          await tab.run("await tidemark.flush()");
          return eventsOf("scroll").at(-1);
        })
        .toMatchObject({ scroll_depth_percentage: 100, tenths_ms: expect.any(Array) });
    });

    it("takes options from attributes and from window.tidemark.config, attributes first", async () => {
      const config = {
        key: OTHER_KEY,
        signals: ["hovers"],
        queryParameters: ["q"],
        options: { dwell: { idleAfter: 1234 } },
      };
      const tab = await open(
        {
          head: `<script>window.tidemark = { config: ${JSON.stringify(config)} };</script>${inlineStub()}${tag(
            `async data-key="${KEY}" data-signals="dwell, pageViews" data-session-id="session-of-mine"`,
          )}`,
        },
        "?q=kept&other=dropped",
      );
      await expect.poll(() => tab.run("return tidemark.sessionId")).toBe("session-of-mine");
      await tab.run("await tidemark.flush()");
      await expect.poll(() => eventsOf("dwell")[0]).toMatchObject({ idle_after_ms: 1234 });
      expect(site.events(OTHER_KEY)).toEqual([]);
      expect(await seen(tab)).toEqual(undisturbed);
    });

    it("holds the visitor engaged while a player plays, though the part for players came later", async () => {
      const tab = await open({
        head: `<script>window.tidemark = { config: { options: { dwell: { idleAfter: 100, reportEvery: 100 } } } };</script>${tag(
          `async data-key="${KEY}" data-signals="dwell media"`,
        )}`,
      });
      await tab.click("#button");
      await tab.run(`
        const play = () => document.body.dispatchEvent(
          new CustomEvent("tidemark:player", { detail: { currentTime: performance.now() / 1000, duration: 600, paused: false } }));
        setInterval(play, 50);
      `);
      await expect.poll(() => eventsOf("video_play").length).toBe(1);
      await expect.poll(() => eventsOf("dwell").at(-1)?.engaged_ms).toBeGreaterThan(1_500);
    });

    it.each([
      ["does not load", undefined],
      ["is not what was built with the tag", "window.intruded = true"],
    ])("measures the rest and says so once when what it names %s", async (_, code) => {
      const url = site.page({ head: tag(`async data-key="${KEY}" data-signals="clicks clickLinks media forms"`) });
      site.replace(/-more\.js$/, code);
      const tab = await browser.newTab();
      tabs.push(tab);
      await tab.goto(url);
      await expect
        .poll(async () => (await seen(tab)).warnings)
        .toEqual([expect.stringMatching(/-more\.js did not load/)]);
      expect(await tab.run("return window.intruded ?? false")).toBe(false);
      await clickThrough(tab);
    });
  });

  describe("told something wrong", () => {
    const cases: [what: string, attributes: string, config: object, warning: RegExp, measures: boolean][] = [
      ["no key", "", {}, /nothing is measured\ndata-key is missing: write a site key like tm_/, false],
      [
        "a key that is none",
        `data-key="UA-1234"`,
        {},
        /nothing is measured\ndata-key: "UA-1234" is not a site key like tm_/,
        false,
      ],
      [
        "an endpoint that is no URL",
        `data-key="${KEY}" data-endpoint="collector.example"`,
        {},
        /nothing is measured\ndata-endpoint: "collector.example" is not a URL like https:/,
        false,
      ],
      [
        "a signal that does not exist",
        `data-key="${KEY}" data-signals="clicks hoovers"`,
        {},
        /data-signals: hoovers: unknown name\. Use one of .*hovers/,
        true,
      ],
      [
        "a session id that is too short",
        `data-key="${KEY}" data-session-id="7"`,
        {},
        /data-session-id: "7" is not 8 to 64/,
        true,
      ],
      ["an unknown option", `data-key="${KEY}"`, { idleAfter: 1 }, /tidemark\.config\.idleAfter: unknown name/, true],
      [
        "an unknown option of a signal",
        `data-key="${KEY}"`,
        { options: { dwell: { idle: 1 } } },
        /tidemark\.config\.options\.dwell\.idle: unknown name\. Use one of idleAfter, reportEvery/,
        true,
      ],
      [
        "a wrong option of a signal",
        `data-key="${KEY}"`,
        { options: { dwell: { idleAfter: "soon" } } },
        /options\.dwell\.idleAfter: "soon" is not a number like 5000/,
        true,
      ],
      [
        "a name that is taken",
        `data-key="${KEY}" data-name="location"`,
        {},
        /data-name: window\.location is in use/,
        true,
      ],
      [
        "several things",
        `data-key="${KEY}" data-signals="clicks x y" data-session-id="7"`,
        {},
        /data-session-id.*\n.*data-signals: x.*\n.*data-signals: y/,
        true,
      ],
    ];
    it.each(cases)(
      "%s: says so in one warning and leaves the page alone",
      async (_, attributes, config, warning, measures) => {
        const tab = await open({
          head: `<script>window.tidemark = { config: ${JSON.stringify(config)} };</script>${tag(attributes)}`,
        });
        expect(await seen(tab)).toEqual({ warnings: [expect.stringMatching(warning)], failures: [] });
        if (measures) await clickThrough(tab);
        else {
          await tab.click("#button");
          expect(await seen(tab)).toEqual({ warnings: [expect.stringMatching(warning)], failures: [] });
        }
        expect(await tab.run("return document.querySelector('#button') !== null")).toBe(true);
      },
    );
  });
});
