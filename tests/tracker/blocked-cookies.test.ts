import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "../browsers/browser.ts";
import { startChromium } from "../browsers/chromium.ts";
import { startFirefox } from "../browsers/firefox.ts";
import { startTestSite, type TestSite } from "../signals/test-site.ts";

/** Starts browsers in which the person has blocked all cookies, which also forbids all storage. WebKit has no such setting. */
const BROWSERS: Record<string, (profile: string) => Promise<Browser>> = {
  chromium(profile) {
    mkdirSync(join(profile, "Default"));
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
    writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(settings));
    return startChromium(profile);
  },
  firefox: (profile) => startFirefox(profile, { "network.cookie.cookieBehavior": 2 }),
};

describe.each(Object.keys(BROWSERS))("%s with all cookies blocked", (name) => {
  const profile = mkdtempSync(join(tmpdir(), "tidemark-blocked-"));
  let site: TestSite;
  let browser: Browser;
  beforeAll(async () => {
    site = await startTestSite();
    browser = await (BROWSERS[name] as (typeof BROWSERS)[string])(profile);
  });
  afterAll(async () => {
    await browser?.stop();
    await site?.stop();
    rmSync(profile, { recursive: true, force: true });
  });

  it.each(["{}", `{ cookie: true, identityStore: sdk.acrossSubdomains("127.0.0.1") }`])(
    "measures until a refusal, then captures and sends nothing, and causes no uncaught error, with %s",
    async (options) => {
      const tab = await browser.newTab();
      await tab.goto(`${site.origin}/consent.html`);
      expect(await tab.run("try { localStorage.length; return true; } catch { return false; }")).toBe(false);
      await tab.run(`
      start({ key: "tm_test_00000000", ...${options} });
      tracker.track("one");
      tracker.identify("ada");
      await tracker.flush();
    `);
      await tab.click("#button");
      const counts = "return [captured.length, sent.length]";
      const before = await tab.run<number[]>(`await tracker.flush(); ${counts}`);
      expect(await tab.run("return captured.map(({ type }) => type)")).toEqual(
        expect.arrayContaining(["page_view", "custom", "identify", "click"]),
      );
      await tab.run(`tracker.consent("denied"); tracker.track("later");`);
      await tab.click("#button");
      expect(await tab.run(`await tracker.flush().catch(() => {}); ${counts}`)).toEqual(before);
      // Rejections are reported a task after their promise.
      expect(await tab.run("await new Promise((resolve) => setTimeout(resolve, 50)); return failures")).toEqual([]);
      await tab.close();
    },
  );
});
