import type { Batch } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";
import { ACROSS, useConsentPage } from "./consent-page.ts";

describe("the identity", () => {
  inEveryBrowser((tools) => {
    const { url } = tools;
    const page = useConsentPage(tools);
    /** Starts a tracker on the page, tracks an event, and returns its batch. */
    const trackOnce = (tab: Tab, options: string) => page.track(tab, page.startWith(options));

    it("differs between origins", async () => {
      const tab = await page.open();
      const first = await trackOnce(tab, "{}");
      await tab.goto(page.onOtherHost);
      const second = await trackOnce(tab, "{}");
      expect(second?.anonymous_id).not.toBe(first?.anonymous_id);
      expect(second?.session_id).not.toBe(first?.session_id);
    });

    it("is shared by the hosts of a domain with acrossSubdomains, until it is deleted", async () => {
      const tab = await page.open();
      const first = await trackOnce(tab, ACROSS);
      await tab.goto(page.onOtherHost);
      const second = await trackOnce(tab, ACROSS);
      expect(second?.anonymous_id).toBe(first?.anonymous_id);
      expect(second?.session_id).toBe(first?.session_id);
      expect(await tab.run(`return localStorage.getItem("tidemark.${page.key}")`)).toBeNull();

      await tab.run("tracker.consent('denied')");
      expect(await tab.run("return document.cookie")).not.toContain(page.key);
      await tab.goto(url("consent.html?"));
      const third = await trackOnce(tab, ACROSS);
      expect(third?.anonymous_id).not.toBe(first?.anonymous_id);
      await tab.run("tracker.reset()");
      expect(await tab.run("return document.cookie")).not.toContain(third?.anonymous_id);
    });

    it("changes in every tab a few seconds after a reset in one tab", async () => {
      const one = await page.open();
      await trackOnce(one, "{}");
      await one.run("tracker.identify('ada', {}, 'token-of-ada'); await tracker.flush()");
      const other = await page.open();
      const before = await trackOnce(other, "{}");
      expect(before).toMatchObject({ user_id: "ada", user_token: "token-of-ada" });
      await one.run("tracker.reset()");
      // A tab reads changes of other tabs after five seconds without activity.
      await other.run("const at = performance.now(); performance.now = () => at + 5_100");
      const [after] = await other.run<Batch[]>("tracker.track('later'); await tracker.flush(); return sent.slice(-1)");
      expect([after?.user_id, after?.user_token]).toEqual([undefined, undefined]);
      expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
      const [same] = await one.run<Batch[]>("tracker.track('too'); await tracker.flush(); return sent.slice(-1)");
      expect(same?.anonymous_id).toBe(after?.anonymous_id);
      expect(same?.session_id).toBe(after?.session_id);
    });

    it("sets no cookie with cookieless", async () => {
      const tab = await page.open();
      await trackOnce(tab, `{ ...${ACROSS}, cookieless: true }`);
      expect(await tab.run("return document.cookie")).not.toContain(page.key);
    });

    it("starts a session for each campaign with sessionPerCampaign, but not on a reload", async () => {
      const PER_CAMPAIGN = "{ signals: [sdk.sessionPerCampaign, sdk.pageViews()] }";
      const tab = await page.open();
      const before = await trackOnce(tab, PER_CAMPAIGN);
      await tab.goto(url("consent.html?utm_source=letter&"));
      const campaign = await trackOnce(tab, PER_CAMPAIGN);
      expect(campaign?.anonymous_id).toBe(before?.anonymous_id);
      expect(campaign?.session_id).not.toBe(before?.session_id);
      expect(campaign?.events.map(({ type }) => type)).toEqual(["page_view", "custom"]);

      await tab.run("setTimeout(() => location.reload())");
      await expect
        .poll(() =>
          tab.run("return performance.getEntriesByType('navigation')[0].type + !!window.start").catch(() => ""),
        )
        .toBe("reloadtrue");
      expect((await trackOnce(tab, PER_CAMPAIGN))?.session_id).toBe(campaign?.session_id);
      await tab.goto(url("consent.html?utm_source=letter&"));
      expect((await trackOnce(tab, "{}"))?.session_id).toBe(campaign?.session_id);
    });
  });
});
