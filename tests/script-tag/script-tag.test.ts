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
  const recorded = (tab: Tab) => tab.run<{ warnings: string[]; failures: string[] }>("return window.recorded");
  const eventsOf = <T extends EventType>(type: T, key = KEY): EventOf<T>[] =>
    site.events(key).filter((event: Event): event is EventOf<T> & Event => event.type === type) as EventOf<T>[];
  /** Clicks the button and waits until the collector has the click. */
  const expectClick = async (tab: Tab, key = KEY) => {
    await tab.click("#button");
    await tab.run("await window.tidemark?.flush?.()");
    await expect.poll(() => eventsOf("click", key).length).toBe(1);
  };
  const NO_PROBLEMS = { warnings: [], failures: [] };

  describe("in a page", () => {
    it.each(["head", "body"] as const)("measures in the %s, with async, defer or neither", async (place) => {
      for (const loading of ["async", "defer", ""]) {
        const tab = await open({ [place]: tag(`${loading} data-key="${KEY}"`) });
        await expectClick(tab);
        await expect.poll(() => eventsOf("page_view").length).toBe(1);
        expect(await recorded(tab)).toEqual(NO_PROBLEMS);
      }
    });

    it("measures when a script inserts it, as tag managers do", async () => {
      const tab = await open({});
      await tab.run(`
        const script = document.createElement("script");
        script.dataset.key = "${KEY}";
        script.src = "${site.collector}/tidemark.js";
        document.body.append(script);
      `);
      await expectClick(tab);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("creates one tracker if it occurs twice", async () => {
      const tab = await open({ head: tag() + tag(`defer data-key="${KEY}"`), body: tag() });
      await expectClick(tab);
      await tab.run("await tidemark.flush()");
      expect([eventsOf("page_view").length, eventsOf("click").length]).toEqual([1, 1]);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("goes on with one tracker after document.open(), whether the next document has a tag or not", async () => {
      for (const next of ["", inlineStub() + tag()]) {
        const tab = await open({ head: inlineStub() + tag() });
        await expectClick(tab);
        await tab.run(`
          const tracker = window.tidemark;
          document.open();
          document.write(${JSON.stringify(`<!doctype html><title>Next</title>${next}<button id="next">Next</button>`)});
          const loaded = new Promise((resolve) => addEventListener("load", resolve));
          document.close();
          await loaded;
          window.isSame = window.tidemark === tracker;
        `);
        await tab.click("#next");
        await tab.run("await tidemark.flush()");
        await expect.poll(() => eventsOf("click").map(({ target }) => target.id)).toEqual(["button", "next"]);
        expect(eventsOf("page_view").length).toBe(1);
        expect(await tab.run("return isSame")).toBe(true);
        expect(await recorded(tab)).toEqual(NO_PROBLEMS);
      }
    });

    it("replaces an element with its name as id in window", async () => {
      const tab = await open({ head: inlineStub(), body: `<p id="tidemark"></p>${tag()}` });
      await tab.run(`tidemark.track("after")`);
      await expect.poll(() => eventsOf("custom").map(({ name }) => name)).toEqual(["after"]);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("loads no other file with the default signals", async () => {
      const tab = await open({ head: tag() });
      await expectClick(tab);
      expect(site.scripts()).toEqual(["/tidemark.js"]);
    });
  });

  it("logs to the console with ?tidemark_debug in the URL", async () => {
    const tab = await open({ head: tag() }, "?tidemark_debug");
    await expect.poll(() => site.scripts()).toContainEqual(expect.stringMatching(/-v.*-debug\.js$/));
    await expect
      .poll(async () => {
        await tab.run(`tidemark.track("logged")`);
        return tab.run("return infos");
      })
      .toContainEqual(expect.stringMatching(/^\[tidemark\] custom \d+/));
    expect(await recorded(tab)).toEqual(NO_PROBLEMS);
  });

  describe("with several keys", () => {
    it("creates a tracker for each key, in window.tidemark or the property that data-name names", async () => {
      const tab = await open({
        head:
          inlineStub() +
          tag(`data-key="${KEY}"`) +
          tag(`data-key="${OTHER_KEY}" data-name="other" data-signals="clicks"`),
      });
      await tab.run(`tidemark.track("to one"); other.track("to other")`);
      await tab.click("#button");
      await tab.run("await tidemark.flush(); await other.flush()");
      const sentTo = (key: string) => site.events(key).map((event) => ("name" in event ? event.name : event.type));
      expect(sentTo(KEY)).toEqual(expect.arrayContaining(["page_view", "to one", "click"]));
      expect(sentTo(OTHER_KEY).toSorted()).toEqual(["click", "to other"]);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("leaves window.tidemark to the first tracker", async () => {
      const tab = await open({ head: tag(`data-key="${KEY}"`) + tag(`data-key="${OTHER_KEY}"`) });
      await tab.run(`tidemark.track("first"); await tidemark.flush()`);
      expect(eventsOf("custom").map(({ name }) => name)).toEqual(["first"]);
      await expectClick(tab, OTHER_KEY);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });
  });

  describe("with the stub", () => {
    it("replays earlier calls in order, and passes on later calls of the stub's methods", async () => {
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
      const sent = site.events(KEY).filter(({ type }) => type === "custom" || type === "identify");
      expect(sent.map((event) => ("name" in event ? event.name : event.type))).toEqual([
        "first",
        "identify",
        "second",
        "third",
      ]);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("holds events until the visitor consents, also when the page calls consent before the tag loads", async () => {
      const pending = tag(`async data-key="${KEY}" data-consent="pending" data-cookieless`);
      const tab = await open({ head: `${inlineStub()}<script>tidemark.track("held");</script>${pending}` });
      expect(await tab.run("return tidemark.flush().catch(String)")).toMatch(/no consent/);
      expect(site.events(KEY)).toEqual([]);
      await tab.run(`tidemark.consent("granted"); await tidemark.flush()`);
      expect(eventsOf("custom").map(({ name }) => name)).toEqual(["held"]);

      const granted = await open({ head: `${inlineStub()}<script>tidemark.consent("granted");</script>${pending}` });
      await expectClick(granted);
    });

    it("keeps the latest thousand calls if the tag never loads", async () => {
      const tab = await open({ head: inlineStub() });
      const [count, first] = await tab.run<[number, string]>(`
        for (let n = 0; n < 1500; n += 1) tidemark.track("n" + n);
        return [tidemark.q.length, tidemark.q[0][1][0]];
      `);
      expect([count, first]).toEqual([1000, "n500"]);
    });

    it("has the name of data-name, also as a separate file", async () => {
      const stub = `<script src="${site.collector}/tidemark-stub.js" data-name="other"></script>`;
      const tab = await open({ head: stub, body: tag(`async data-key="${KEY}" data-name="other"`) });
      await tab.run(`other.track("early or late")`);
      await expect.poll(() => eventsOf("custom").length).toBe(1);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });
  });

  describe("under a strict Content Security Policy", () => {
    const MORE = `data-key="${KEY}" data-signals="clicks clickEvidence media"`;
    const policies: [kind: string, policy: () => string, head: () => string][] = [
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
    it.each(policies)("%s, measures without a violation", async (_, policy, head) => {
      const rest = `img-src data:; connect-src ${site.collector}; base-uri 'none'; form-action 'none'`;
      const tab = await open({ head: head(), policy: `default-src 'none'; ${policy()}; ${rest}` });
      await expect.poll(() => tab.run("return typeof tidemark.flush")).toBe("function");
      await expect.poll(() => site.scripts().filter((path) => path.includes("-v")).length).toBe(2);
      await tab.run(`tidemark.track("fine")`);
      await expectClick(tab);
      await expect.poll(() => eventsOf("custom").length).toBe(1);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });
  });

  describe("with an integrity attribute", () => {
    it("runs if the hash matches", async () => {
      const sri = `async crossorigin integrity="${site.integrity}" data-key="${KEY}"`;
      await expectClick(await open({ head: tag(sri, site.immutable) }));
    });

    it("does not run if the hash does not match", async () => {
      const wrong = site.integrity.replace(/-./, "-_").replace("_", site.integrity[7] === "A" ? "B" : "A");
      const tab = await open({ head: tag(`crossorigin integrity="${wrong}" data-key="${KEY}"`, site.immutable) });
      expect(await tab.run("return typeof tidemark")).toBe("undefined");
    });
  });

  describe("with signals and options", () => {
    it("measures the named signals only", async () => {
      const names =
        "clicks clickLinks clickNames clickTexts clickEvidence forms selections errors elementDwell webVitals media";
      const tab = await open({
        head: tag(`async data-key="${KEY}" data-signals="${names}"`),
        body: `<p><a id="link" href="#there">A link</a></p><form><input id="field"></form><p data-tm-dwell="p">Text</p>`,
      });
      await expect.poll(() => site.scripts().filter((path) => path.includes("-v")).length).toBe(3);
      // The page has requested the last file, but may not have run it yet.
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
      expect(site.signals(KEY)?.split(" ").toSorted()).toEqual(names.split(" ").toSorted());
      for (const type of ["page_view", "hover", "scroll", "dwell"] as const) expect(eventsOf(type)).toEqual([]);
      expect((await recorded(tab)).warnings).toEqual([]);
    });

    it("turns on the signal of a named enrichment", async () => {
      const tab = await open({ head: tag(`async data-key="${KEY}" data-signals="readingDetails"`) });
      await expect
        .poll(async () => {
          await tab.run("await tidemark.flush()");
          return eventsOf("scroll").at(-1);
        })
        .toMatchObject({ scroll_depth_percentage: 100, tenths_ms: expect.any(Array) });
    });

    it("reads options from attributes and window.tidemark.config, with precedence for attributes", async () => {
      const config = {
        key: OTHER_KEY,
        signals: ["hovers"],
        queryParameters: ["q"],
        options: { dwell: { idleAfter: 1234 } },
      };
      const tab = await open(
        {
          head: `<script>window.tidemark = { config: ${JSON.stringify(config)} };</script>${inlineStub()}${tag(
            `async data-key="${KEY}" data-signals="dwell, pageViews" data-session-id="session-of-page" data-page-url="path"`,
          )}`,
        },
        "?q=kept&other=dropped",
      );
      await expect.poll(() => tab.run("return tidemark.sessionId")).toBe("session-of-page");
      await tab.run("await tidemark.flush()");
      await expect.poll(() => eventsOf("dwell")[0]).toMatchObject({ idle_after_ms: 1234 });
      expect(site.events(OTHER_KEY)).toEqual([]);
      await tab.run("history.replaceState(null, '', '?q=typed'); history.pushState(null, '', '?q=typed&more')");
      await tab.run("tidemark.track('later'); await tidemark.flush()");
      expect(eventsOf("page_view")).toHaveLength(1);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("keeps the visitor engaged while a player plays, although the media part loads later", async () => {
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
      ["cannot be loaded", undefined],
      ["differs from the file built with the tag", "window.intruded = true"],
    ])("measures the rest and warns once if a part %s", async (_, code) => {
      const url = site.page({ head: tag(`async data-key="${KEY}" data-signals="clicks clickLinks media forms"`) });
      site.replace(/-more\.js$/, code);
      const tab = await browser.newTab();
      tabs.push(tab);
      await tab.goto(url);
      await expect
        .poll(async () => (await recorded(tab)).warnings)
        .toEqual([expect.stringMatching(/-more\.js did not load/)]);
      expect(await tab.run("return window.intruded ?? false")).toBe(false);
      await expectClick(tab);
      // The part for media is in a file of its own, which may have loaded by now.
      expect(site.signals(KEY)).toMatch(/^clicks( media)?$/);
    });
  });

  describe("with data-reactions", () => {
    const newReaction = () => ({
      ...{ id: crypto.randomUUID(), name: "offer", payload: { percent: 10 }, expires_in_ms: 60_000 },
    });
    const LISTEN = `window.offers = []; tidemark.on("reaction", (reaction) => { offers.push(reaction.payload); reaction.shown(); });`;
    const SEND = `tidemark.track("sent"); await tidemark.flush();`;

    it("passes reactions to a listener from before the tag has loaded, and acknowledges them", async () => {
      const reaction = newReaction();
      const url = { head: `${inlineStub()}<script>${LISTEN}</script>${tag(`async data-key="${KEY}" data-reactions`)}` };
      const tab = await open(url);
      let received: string[] | undefined;
      site.respond = ({ reactions_received }) => {
        received = reactions_received ?? received;
        return reactions_received && !reactions_received.length ? { reactions: [reaction] } : {};
      };
      await expect
        .poll(() => tab.run(`if (!tidemark.flush) return; ${SEND} return window.offers`))
        .toEqual([{ percent: 10 }]);
      await expect.poll(() => tab.run<void>(SEND).then(() => received)).toEqual([reaction.id]);
      expect(eventsOf("reaction_shown")).toMatchObject([{ reaction: "offer", reaction_id: reaction.id }]);
      expect(await tab.run("return window.offers.length")).toBe(1);
      expect(await recorded(tab)).toEqual(NO_PROBLEMS);
    });

    it("passes them to a listener from after it, and to none that was removed before the part has loaded", async () => {
      const reaction = newReaction();
      const tab = await open({ head: tag(`async data-key="${KEY}" data-reactions`) });
      site.respond = ({ reactions_received }) => (reactions_received?.length === 0 ? { reactions: [reaction] } : {});
      await expect.poll(() => tab.run("return !!window.tidemark")).toBe(true);
      await tab.run(`tidemark.on("reaction", () => { window.removed = true; })(); ${LISTEN}`);
      await expect.poll(() => tab.run(`${SEND} return window.offers`)).toEqual([{ percent: 10 }]);
      expect(await tab.run("return window.removed")).toBeFalsy();
    });

    it("is off by default: the tag loads nothing and asks for no reactions", async () => {
      const tab = await open({ head: inlineStub() + tag() });
      let asked = 0;
      site.respond = ({ reactions_received }) => {
        if (reactions_received) asked += 1;
        return { reactions: [newReaction()] };
      };
      await expect.poll(() => tab.run("return !!tidemark.flush")).toBe(true);
      await tab.run(LISTEN + SEND);
      expect([asked, await tab.run("return window.offers")]).toEqual([0, []]);
      expect(site.scripts().filter((path) => path.includes("reactions"))).toEqual([]);
    });
  });

  describe("with wrong settings", () => {
    const cases: [problem: string, attributes: string, config: object, warning: RegExp, measures: boolean][] = [
      ["no key", "", {}, /nothing is measured\ndata-key is missing: write a public key like tm_/, false],
      [
        "a key of another tool",
        `data-key="UA-1234"`,
        {},
        /nothing is measured\ndata-key: "UA-1234" is not a public key like tm_/,
        false,
      ],
      [
        "an endpoint that is not a URL",
        `data-key="${KEY}" data-endpoint="collector.example"`,
        {},
        /nothing is measured\ndata-endpoint: "collector.example" is not a URL like https:/,
        false,
      ],
      [
        "an unknown signal",
        `data-key="${KEY}" data-signals="clicks hoovers"`,
        {},
        /data-signals: hoovers: unknown name\. Use one of .*hovers/,
        true,
      ],
      ["a short session id", `data-key="${KEY}" data-session-id="7"`, {}, /data-session-id: "7" is not 8 to 64/, true],
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
        "a name that is in use",
        `data-key="${KEY}" data-name="location"`,
        {},
        /data-name: window\.location is in use/,
        true,
      ],
      [
        "several problems",
        `data-key="${KEY}" data-signals="clicks x y" data-session-id="7"`,
        {},
        /data-session-id.*\n.*data-signals: x.*\n.*data-signals: y/,
        true,
      ],
    ];
    it.each(cases)(
      "reports %s in one warning, and does not disturb the page",
      async (_, attributes, config, warning, measures) => {
        const tab = await open({
          head: `<script>window.tidemark = { config: ${JSON.stringify(config)} };</script>${tag(attributes)}`,
        });
        expect(await recorded(tab)).toEqual({ warnings: [expect.stringMatching(warning)], failures: [] });
        if (measures) await expectClick(tab);
        else {
          await tab.click("#button");
          expect(await recorded(tab)).toEqual({ warnings: [expect.stringMatching(warning)], failures: [] });
        }
        expect(await tab.run("return document.querySelector('#button') !== null")).toBe(true);
      },
    );
  });
});
