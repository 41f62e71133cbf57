import { randomUUID } from "node:crypto";
import type { Batch, EventOf } from "@tidemark/schema";
import { beforeEach, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

type Heard = EventOf<"click"> & { name?: string };

const NOTHING = { local: [], session: [], databases: [] };

/** Each test has a key of its own, and so finds nothing that another has stored. */
let key: string;
const start = (tab: Tab, options = "{}") => tab.run(`start({ key: "${key}", ...${options} })`);
const heard = (tab: Tab) => tab.run<Heard[]>("return heard");
const sent = (tab: Tab) => tab.run<Batch[]>("return sent");
const stored = (tab: Tab) => tab.run<typeof NOTHING>(`return stored("tidemark.${key}")`);
const touched = (tab: Tab) => tab.run<string[]>("return touched");
/** Types of what was sent, `track`ed events by their names. */
const story = async (tab: Tab) =>
  (await sent(tab)).flatMap(({ events }) => events.map((each) => (each.type === "custom" ? each.name : each.type)));

inEveryBrowser(({ url, open }) => {
  const openPage = (query = "") => open(`consent.html?${query}&`);
  beforeEach(() => {
    key = `tm_test_${randomUUID().replaceAll("-", "")}`;
  });

  it("keeps all in memory while the answer is pending, and sends it with the answer when it is granted", async () => {
    const tab = await openPage();
    await start(tab, `{ consent: "pending" }`);
    await tab.click("#button");
    await tab.run("tracker.track('asked')");
    await expect(tab.run("return tracker.flush()")).rejects.toThrow("consent");
    expect(await sent(tab)).toEqual([]);
    expect(await stored(tab)).toEqual(NOTHING);
    expect((await touched(tab)).filter((what) => what !== "globalPrivacyControl")).toEqual([]);

    await tab.run("tracker.consent('granted'); return tracker.flush()");
    expect(await story(tab)).toEqual(["page_view", "click", "asked"]);
    const [batch] = await sent(tab);
    expect(batch?.consent).toEqual({ measurement: "granted", personalisation: "granted" });
    expect(batch?.events.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    const times = batch?.events.map(({ time }) => time) ?? [];
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it("forgets what it held when the answer is no, captures nothing more, and begins anew after a yes", async () => {
    const tab = await openPage();
    await start(tab, `{ consent: "pending" }`);
    await tab.run("tracker.track('held'); tracker.consent('denied'); tracker.track('denied')");
    await tab.click("#button");
    expect(await sent(tab)).toEqual([]);
    expect(await stored(tab)).toEqual(NOTHING);
    await tab.run("tracker.consent('granted'); tracker.track('agreed'); return tracker.flush()");
    expect(await story(tab)).toEqual(["agreed"]);
  });

  it("deletes what it stored, and gives up what waits, when a yes is taken back", async () => {
    const tab = await openPage();
    await start(tab);
    await tab.run("tracker.track('stored'); await tracker.flush()");
    const [before] = await sent(tab);
    await tab.run("window.isDown = true; tracker.track('waits'); await tracker.flush().catch(() => {})");
    await expect.poll(() => stored(tab)).toMatchObject({ local: [`tidemark.${key}`], databases: [`tidemark.${key}`] });

    await tab.run("tracker.consent('denied')");
    await expect.poll(() => stored(tab)).toEqual(NOTHING);
    await tab.run("sent.length = 0; window.isDown = false; tracker.track('denied')");
    // Whoever agrees after that is somebody new.
    await tab.run("tracker.consent('granted'); tracker.track('agreed'); return tracker.flush()");
    expect(await story(tab)).toEqual(["page_view", "agreed"]);
    const [after] = await sent(tab);
    expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
    expect(after?.session_id).not.toBe(before?.session_id);
  });

  it("deletes what an earlier page stored, on a page that begins with a no", async () => {
    const tab = await openPage();
    await start(tab);
    await tab.run("tracker.track('stored'); return tracker.flush()");
    expect((await stored(tab)).local).toHaveLength(1);
    await tab.goto(url("consent.html?gpc&"));
    await start(tab);
    await expect.poll(() => stored(tab)).toEqual(NOTHING);
    expect(await sent(tab)).toEqual([]);
  });

  it("knows a visitor again who is asked on each page", async () => {
    const tab = await openPage();
    await start(tab, `{ consent: "pending" }`);
    await tab.run("tracker.consent('granted'); tracker.track('one'); return tracker.flush()");
    const [first] = await sent(tab);
    await tab.goto(url("consent.html?"));
    await start(tab, `{ consent: "pending" }`);
    await tab.run("tracker.track('two'); tracker.consent('granted'); return tracker.flush()");
    const [second] = await sent(tab);
    for (const id of ["anonymous_id", "session_id", "tab_id"] as const) expect(second?.[id]).toBe(first?.[id]);
    expect(second?.events[0]?.seq).toBeGreaterThan(first?.events.at(-1)?.seq ?? Number.NaN);
  });

  it("holds events back when a yes becomes a maybe, and says what it was allowed to", async () => {
    const tab = await openPage();
    await start(tab, `{ consent: "granted" }`);
    await tab.run("tracker.track('before'); tracker.consent({ measurement: 'pending' }); tracker.track('held')");
    await expect.poll(() => story(tab)).toEqual(["page_view", "before"]);
    await tab.run("tracker.consent('granted'); return tracker.flush()");
    expect(await story(tab)).toEqual(["page_view", "before", "held"]);
  });

  it("asks for Global Privacy Control before it touches storage, and takes it for a no that the visitor can revoke", async () => {
    const tab = await openPage("gpc");
    await start(tab, `{ consent: "granted" }`);
    await tab.run("tracker.track('denied')");
    await tab.click("#button");
    const asked = await touched(tab);
    expect(asked[0]).toBe("globalPrivacyControl");
    expect(asked.filter((what) => /getItem|setItem|open|fetch/.test(what))).toEqual([]);
    await tab.run("tracker.consent('granted'); tracker.track('agreed'); return tracker.flush()");
    expect(await story(tab)).toEqual(["agreed"]);
  });

  it("heeds Do Not Track where the page wants it to", async () => {
    const tab = await openPage("dnt");
    await start(tab, "{ doNotTrack: true }");
    await tab.run("tracker.track('denied'); window.first = tracker");
    expect(await heard(tab)).toEqual([]);
    await start(tab);
    await tab.run("tracker.track('heard'); return tracker.flush()");
    expect(await story(tab)).toEqual(["page_view", "heard"]);
  });

  it("stores nothing on the device when it is to be cookieless, and delivers all the same", async () => {
    const tab = await openPage();
    await start(tab, "{ cookieless: true }");
    await tab.click("#button");
    await tab.run("return tracker.flush()");
    expect(await story(tab)).toEqual(["page_view", "click"]);
    await tab.run("window.isDown = true; tracker.track('waits'); await tracker.flush().catch(() => {})");
    expect(await stored(tab)).toEqual(NOTHING);
    expect((await touched(tab)).filter((what) => !/fetch|globalPrivacyControl/.test(what))).toEqual([]);
  });

  it("names no user before personalisation is granted, and none after it is denied", async () => {
    const tab = await openPage();
    await start(tab, `{ consent: { personalisation: "pending" } }`);
    await tab.run("tracker.identify('ada', { plan: 'pro' }); tracker.track('one'); return tracker.flush()");
    // The quotation marks are not to be found in random ids.
    const traces = JSON.stringify([await sent(tab), await tab.run("return Object.values(localStorage)")]);
    expect(traces).not.toMatch(/\bada\b/);
    await tab.run("tracker.consent({ personalisation: 'granted' }); tracker.track('two')");
    await tab.run("tracker.consent({ personalisation: 'denied' }); tracker.track('three'); return tracker.flush()");
    const batches = (await sent(tab)).map(({ user_id, consent, events }) => [
      consent?.personalisation,
      user_id,
      events.map((each) => (each.type === "custom" ? each.name : each.type)),
    ]);
    expect(batches).toEqual([
      ["pending", undefined, ["page_view", "one"]],
      ["granted", "ada", ["identify", "two"]],
      ["denied", undefined, ["three"]],
    ]);
  });

  it("makes the visitor another when somebody logs out", async () => {
    const tab = await openPage();
    await start(tab);
    await tab.run("tracker.identify('ada'); await tracker.flush()");
    // Nobody is to ask for what another visitor has left.
    expect(await tab.run("tracker.reset(); return tracker.sessionId")).toBe("");
    await tab.run("tracker.track('later'); await tracker.flush()");
    const batches = await sent(tab);
    const [before, after] = [batches[0], batches.at(-1)];
    for (const id of ["anonymous_id", "session_id", "tab_id"] as const) expect(after?.[id]).not.toBe(before?.[id]);
    expect(after?.user_id).toBeUndefined();
    expect(after?.events.map(({ type }) => type)).toEqual(["page_view", "custom"]);
  });

  it("lets the collector keep a cookie where the page wants that, and has it expire at a no and a log-out", async () => {
    const tab = await openPage();
    await start(tab, `{ cookie: true, consent: "granted" }`);
    await tab.run("tracker.track('one'); await tracker.flush(); tracker.reset(); tracker.consent('denied')");
    expect(await tab.run("return requests")).toEqual([
      ["/v1/events", "include"],
      [`/v1/forget?key=${key}`, "include"],
      [`/v1/forget?key=${key}`, "include"],
    ]);
    const other = await openPage();
    await start(other, `{ consent: "granted" }`);
    await other.run("tracker.track('one'); await tracker.flush(); tracker.reset(); tracker.consent('denied')");
    expect(await other.run("return requests")).toEqual([["/v1/events", "omit"]]);
  });

  it("tells two visitors apart within a session of the page's own", async () => {
    const tab = await openPage();
    await start(tab, `{ sessionId: "session-of-the-page" }`);
    await tab.run("tracker.track('one'); tracker.reset(); tracker.track('two'); return tracker.flush()");
    const batches = await sent(tab);
    const visitorOf = (name: string) =>
      batches.find(({ events }) => events.some((each) => each.type === "custom" && each.name === name))?.anonymous_id;
    expect(visitorOf("two")).not.toBe(visitorOf("one"));
  });

  it("lets the page change an event or keep it back, without a gap in the numbers", async () => {
    const tab = await openPage();
    await start(
      tab,
      `{ beforeSend(event) {
        if (event.name === "fails") throw new Error("of the page's own");
        if (event.name === "secret") return null;
        return event.type === "custom" ? { ...event, properties: { changed: true } } : event;
      } }`,
    );
    await tab.run("for (const name of ['one', 'secret', 'fails', 'two']) tracker.track(name); return tracker.flush()");
    expect(await story(tab)).toEqual(["page_view", "one", "two"]);
    const events = (await sent(tab)).flatMap((batch) => batch.events);
    expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(events.at(-1)).toMatchObject({ name: "two", properties: { changed: true } });
  });

  it("sees neither click nor hover within data-tm-ignore, and tells no word of data-tm-mask", async () => {
    const tab = await openPage();
    await start(tab);
    await tab.click("#ignored");
    await tab.click("#masked");
    await tab.click("#partly");
    await tab.run("return tracker.flush()");
    const events = (await heard(tab)).filter(({ type }) => type !== ("page_view" as string));
    expect(events.filter(({ type }) => type === "click").map(({ target, label }) => [target.id, label])).toEqual([
      ["masked", "***"],
      ["partly", "***"],
    ]);
    expect(JSON.stringify(events)).not.toMatch(/MARKER|ignored/);
  });
});
