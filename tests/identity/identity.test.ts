import { randomUUID } from "node:crypto";
import type { Batch } from "@tidemark/schema";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";
import { startTestSite, type TestSite } from "../signals/test-site.ts";

/** Each test has a key of its own, and so finds nothing that another has stored. */
let key: string;

/** Starts a tracker on the page, tracks an event, and gives the batch with it: a page may also send what one before it has left. */
const visit = async (tab: Tab, options: string): Promise<Batch | undefined> => {
  const name = randomUUID();
  const batches = await tab.run<Batch[]>(`
    start({ key: "${key}", ...${options} });
    tracker.track("${name}");
    await tracker.flush();
    return sent;
  `);
  return batches.find(({ events }) => events.some((event) => event.type === "custom" && event.name === name));
};

inEveryBrowser(({ open, url }) => {
  // Ports are nothing to cookies: to these, another one of the same host is another host of the domain.
  let elsewhere: TestSite;
  beforeAll(async () => {
    elsewhere = await startTestSite();
  });
  afterAll(() => elsewhere?.stop());

  beforeEach(() => {
    key = `tm_test_${randomUUID().replaceAll("-", "")}`;
  });

  const openPage = () => open("consent.html?");
  const ACROSS = `{ identityStore: sdk.acrossSubdomains("127.0.0.1") }`;

  it("keeps a visitor's origins apart", async () => {
    const tab = await openPage();
    const first = await visit(tab, "{}");
    await tab.goto(`${elsewhere.origin}/consent.html`);
    const second = await visit(tab, "{}");
    expect(second?.anonymous_id).not.toBe(first?.anonymous_id);
    expect(second?.session_id).not.toBe(first?.session_id);
  });

  it("shares visitor and session with the domain's other hosts where the page wants that, until they are forgotten", async () => {
    const tab = await openPage();
    const first = await visit(tab, ACROSS);
    await tab.goto(`${elsewhere.origin}/consent.html`);
    const second = await visit(tab, ACROSS);
    expect(second?.anonymous_id).toBe(first?.anonymous_id);
    expect(second?.session_id).toBe(first?.session_id);
    expect(await tab.run(`return localStorage.getItem("tidemark.${key}")`)).toBeNull();

    await tab.run("tracker.consent('denied')");
    expect(await tab.run("return document.cookie")).not.toContain(key);
    await tab.goto(url("consent.html?"));
    const third = await visit(tab, ACROSS);
    expect(third?.anonymous_id).not.toBe(first?.anonymous_id);
    await tab.run("tracker.reset()");
    expect(await tab.run("return document.cookie")).not.toContain(third?.anonymous_id);
  });

  it("is somebody new in every tab a moment after a log-out in one", async () => {
    const one = await openPage();
    await visit(one, "{}");
    await one.run("tracker.identify('ada'); await tracker.flush()");
    const other = await openPage();
    const before = await visit(other, "{}");
    expect(before?.user_id).toBe("ada");
    await one.run("tracker.reset()");
    // So long a tab goes by what it knows.
    await other.run("await new Promise((resolve) => setTimeout(resolve, 5_100))");
    const [after] = await other.run<Batch[]>("tracker.track('later'); await tracker.flush(); return sent.slice(-1)");
    expect(after?.user_id).toBeUndefined();
    expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
    const [same] = await one.run<Batch[]>("tracker.track('too'); await tracker.flush(); return sent.slice(-1)");
    expect(same?.anonymous_id).toBe(after?.anonymous_id);
    expect(same?.session_id).toBe(after?.session_id);
  });

  it("sets no cookie when nothing may be stored", async () => {
    const tab = await openPage();
    await visit(tab, `{ ...${ACROSS}, cookieless: true }`);
    expect(await tab.run("return document.cookie")).not.toContain(key);
  });

  it("begins a session with each campaign where the page wants that, and none with a reload of its first page", async () => {
    const PER_CAMPAIGN = "{ signals: [sdk.sessionPerCampaign, sdk.pageViews()] }";
    const tab = await openPage();
    const before = await visit(tab, PER_CAMPAIGN);
    await tab.goto(url("consent.html?utm_source=letter&"));
    const campaign = await visit(tab, PER_CAMPAIGN);
    expect(campaign?.anonymous_id).toBe(before?.anonymous_id);
    expect(campaign?.session_id).not.toBe(before?.session_id);
    expect(campaign?.events.map(({ type }) => type)).toEqual(["page_view", "custom"]);

    await tab.run("setTimeout(() => location.reload())");
    await expect
      .poll(() => tab.run("return performance.getEntriesByType('navigation')[0].type + !!window.start").catch(() => ""))
      .toBe("reloadtrue");
    expect((await visit(tab, PER_CAMPAIGN))?.session_id).toBe(campaign?.session_id);
    await tab.goto(url("consent.html?utm_source=letter&"));
    expect((await visit(tab, "{}"))?.session_id).toBe(campaign?.session_id);
  });
});
