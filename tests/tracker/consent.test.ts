import { randomUUID } from "node:crypto";
import type { Batch, EventOf } from "@tidemark/schema";
import { beforeEach, describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

type Captured = EventOf<"click"> & { name?: string };

const NOTHING = { local: [], session: [], databases: [] };

/** The public key. Each test has a new one, so that it finds no stored data of another test. */
let key: string;
const start = (tab: Tab, options = "{}") => tab.run(`start({ key: "${key}", ...${options} })`);
const captured = (tab: Tab) => tab.run<Captured[]>("return captured");
const sent = (tab: Tab) => tab.run<Batch[]>("return sent");
const stored = (tab: Tab) => tab.run<typeof NOTHING>(`return stored("tidemark.${key}")`);
const accesses = (tab: Tab) => tab.run<string[]>("return accesses");
/** The types of the sent events, and the names of custom events. */
const sentTypes = async (tab: Tab) =>
  (await sent(tab)).flatMap(({ events }) => events.map((each) => (each.type === "custom" ? each.name : each.type)));

describe("the consent of a tracker", () => {
  inEveryBrowser(({ url, open }) => {
    const openPage = (query = "") => open(`consent.html?${query}&`);
    beforeEach(() => {
      key = `tm_test_${randomUUID().replaceAll("-", "")}`;
    });

    it("keeps events in memory while consent is pending, and sends them with the answer when it is granted", async () => {
      const tab = await openPage();
      await start(tab, `{ consent: "pending" }`);
      await tab.click("#button");
      await tab.run("tracker.track('held')");
      await expect(tab.run("return tracker.flush()")).rejects.toThrow("consent");
      expect(await sent(tab)).toEqual([]);
      expect(await stored(tab)).toEqual(NOTHING);
      expect((await accesses(tab)).filter((access) => access !== "globalPrivacyControl")).toEqual([]);

      await tab.run("tracker.consent('granted'); return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["page_view", "click", "held"]);
      const [batch] = await sent(tab);
      expect(batch?.consent).toEqual({ measurement: "granted", personalisation: "granted" });
      expect(batch?.events.map(({ seq }) => seq)).toEqual([0, 1, 2]);
      const times = batch?.events.map(({ time }) => time) ?? [];
      expect(times).toEqual([...times].sort((one, other) => one - other));
    });

    it("drops the held events when consent is denied, and starts again when it is granted", async () => {
      const tab = await openPage();
      await start(tab, `{ consent: "pending" }`);
      await tab.run("tracker.track('held'); tracker.consent('denied'); tracker.track('denied')");
      await tab.click("#button");
      expect(await sent(tab)).toEqual([]);
      expect(await stored(tab)).toEqual(NOTHING);
      await tab.run("tracker.consent('granted'); tracker.track('granted'); return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["granted"]);
    });

    it("deletes stored data and waiting events when consent is withdrawn", async () => {
      const tab = await openPage();
      await start(tab);
      await tab.run("tracker.track('stored'); await tracker.flush()");
      const [before] = await sent(tab);
      await tab.run("window.isDown = true; tracker.track('waiting'); await tracker.flush().catch(() => {})");
      await expect
        .poll(() => stored(tab))
        .toMatchObject({ local: [`tidemark.${key}`], databases: [`tidemark.${key}`] });

      await tab.run("tracker.consent('denied')");
      await expect.poll(() => stored(tab)).toEqual(NOTHING);
      await tab.run("sent.length = 0; window.isDown = false; tracker.track('denied')");
      // Consent after that starts a new visitor.
      await tab.run("tracker.consent('granted'); tracker.track('granted'); return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["page_view", "granted"]);
      const [after] = await sent(tab);
      expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
      expect(after?.session_id).not.toBe(before?.session_id);
    });

    it("deletes data stored by an earlier page if the page starts with denied consent", async () => {
      const tab = await openPage();
      await start(tab);
      await tab.run("tracker.track('stored'); return tracker.flush()");
      expect((await stored(tab)).local).toHaveLength(1);
      await tab.goto(url("consent.html?gpc&"));
      await start(tab);
      await expect.poll(() => stored(tab)).toEqual(NOTHING);
      expect(await sent(tab)).toEqual([]);
    });

    it("recognises the visitor on a later page that starts with pending consent", async () => {
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

    it("holds new events when consent changes to pending, and sends the earlier ones", async () => {
      const tab = await openPage();
      await start(tab, `{ consent: "granted" }`);
      await tab.run("tracker.track('before'); tracker.consent({ measurement: 'pending' }); tracker.track('held')");
      await expect.poll(() => sentTypes(tab)).toEqual(["page_view", "before"]);
      await tab.run("tracker.consent('granted'); return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["page_view", "before", "held"]);
    });

    it("reads Global Privacy Control before it uses storage, and treats it as denied until the visitor grants consent", async () => {
      const tab = await openPage("gpc");
      await start(tab, `{ consent: "granted" }`);
      await tab.run("tracker.track('denied')");
      await tab.click("#button");
      const used = await accesses(tab);
      expect(used[0]).toBe("globalPrivacyControl");
      expect(used.filter((access) => /getItem|setItem|open|fetch/.test(access))).toEqual([]);
      await tab.run("tracker.consent('granted'); tracker.track('granted'); return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["granted"]);
    });

    it("honours Do Not Track if the page sets doNotTrack", async () => {
      const tab = await openPage("dnt");
      await start(tab, "{ doNotTrack: true }");
      await tab.run("tracker.track('denied'); tracker.stop()");
      expect(await captured(tab)).toEqual([]);
      await start(tab);
      await tab.run("tracker.track('measured'); return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["page_view", "measured"]);
    });

    it("stores nothing on the device with cookieless, and still delivers", async () => {
      const tab = await openPage();
      await start(tab, "{ cookieless: true }");
      await tab.click("#button");
      await tab.run("return tracker.flush()");
      expect(await sentTypes(tab)).toEqual(["page_view", "click"]);
      await tab.run("window.isDown = true; tracker.track('waiting'); await tracker.flush().catch(() => {})");
      expect(await stored(tab)).toEqual(NOTHING);
      expect((await accesses(tab)).filter((access) => !/fetch|globalPrivacyControl/.test(access))).toEqual([]);
    });

    it("sends no user before personalisation is granted, nor after it is denied", async () => {
      const tab = await openPage();
      await start(tab, `{ consent: { personalisation: "pending" } }`);
      await tab.run("tracker.identify('ada', { plan: 'pro' }); tracker.track('one'); return tracker.flush()");
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

    it("starts a new visitor on reset", async () => {
      const tab = await openPage();
      await start(tab);
      await tab.run("tracker.identify('ada'); await tracker.flush()");
      // No server may read the previous visitor's features.
      expect(await tab.run("tracker.reset(); return tracker.sessionId")).toBe("");
      await tab.run("tracker.track('later'); await tracker.flush()");
      const batches = await sent(tab);
      const [before, after] = [batches[0], batches.at(-1)];
      for (const id of ["anonymous_id", "session_id", "tab_id"] as const) expect(after?.[id]).not.toBe(before?.[id]);
      expect(after?.user_id).toBeUndefined();
      expect(after?.events.map(({ type }) => type)).toEqual(["page_view", "custom"]);
    });

    it("lets the collector set a cookie if the page sets cookie, and expires it on denied consent and on reset", async () => {
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

    it("distinguishes two visitors within a session id from the page", async () => {
      const tab = await openPage();
      await start(tab, `{ sessionId: "session-of-the-page" }`);
      await tab.run("tracker.track('one'); tracker.reset(); tracker.track('two'); return tracker.flush()");
      const batches = await sent(tab);
      const visitorOf = (name: string) =>
        batches.find(({ events }) => events.some((each) => each.type === "custom" && each.name === name))?.anonymous_id;
      expect(visitorOf("two")).not.toBe(visitorOf("one"));
    });

    it("lets beforeSend change or drop an event, without a gap in the numbers", async () => {
      const tab = await openPage();
      await start(
        tab,
        `{ beforeSend(event) {
        if (event.name === "fails") throw new Error("from the page");
        if (event.name === "secret") return null;
        return event.type === "custom" ? { ...event, properties: { changed: true } } : event;
      } }`,
      );
      await tab.run(
        "for (const name of ['one', 'secret', 'fails', 'two']) tracker.track(name); return tracker.flush()",
      );
      expect(await sentTypes(tab)).toEqual(["page_view", "one", "two"]);
      const events = (await sent(tab)).flatMap((batch) => batch.events);
      expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2]);
      expect(events.at(-1)).toMatchObject({ name: "two", properties: { changed: true } });
    });

    it("captures no click or hover within data-tm-ignore, and no text within data-tm-mask", async () => {
      const tab = await openPage();
      await start(tab);
      await tab.click("#ignored");
      await tab.click("#masked");
      await tab.click("#partly");
      await tab.run("return tracker.flush()");
      const events = (await captured(tab)).filter(({ type }) => type !== ("page_view" as string));
      expect(events.filter(({ type }) => type === "click").map(({ target, label }) => [target.id, label])).toEqual([
        ["masked", "***"],
        ["partly", "Account"],
      ]);
      expect(JSON.stringify(events)).not.toMatch(/MARKER|ignored/);
    });
  });
});
