import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** Options of waits for events to arrive. */
const ARRIVAL = { timeout: 5_000, interval: 20 };

describe("a request", () => {
  inEveryBrowser(({ browser, open, url, eventCount }) => {
    it("in flight when the page is left does not hold up the page that is restored", async () => {
      const tab = await open("plain.html", { signals: ["clicks"] });
      const before = eventCount();
      for (let click = 0; click < 6; click += 1) await tab.click("#button");
      await tab.goto(url("other.html", { signals: [] }));
      await tab.back();
      await tab.run(`tracker.track("restored")`);
      await expect.poll(() => eventCount() - before, ARRIVAL).toBe(7);
      await tab.run("await tracker.flush()");
    });

    it.each([
      ["gzip", "sdk.gzip"],
      ["a function that never returns", "() => new Promise(() => {})"],
    ])("of a page that is being left is not compressed: its last events arrive, with %s", async (_, compress) => {
      const tab = await open("plain.html", { signals: [] });
      const before = eventCount();
      await tab.run(`
        const leaving = sdk.createTracker({ key: "tm_test_22222222", endpoint: location.origin, compress: ${compress} });
        const track = () => {
          for (let number = 0; number < 8; number += 1) leaving.track("last", { number, text: "x".repeat(500) });
        };
        if (${compress} !== sdk.gzip) track();
        else addEventListener("pagehide", track);
      `);
      await tab.goto("about:blank");
      await expect.poll(() => eventCount() - before, ARRIVAL).toBe(8);
    });

    it.each([
      [200, "{}"],
      [202, "queued"],
      [404, "<html>"],
    ])("that a service worker answers with %d %s is not acknowledged, and is sent again", async (status, body) => {
      const tab = await open("plain.html", { signals: [] });
      const before = eventCount();
      const problem = await tab.run<string | undefined>(`
        const query = new URLSearchParams({ status: ${status}, body: ${JSON.stringify(body)} });
        const registration = await navigator.serviceWorker.register("/service-worker.js?" + query);
        if (!navigator.serviceWorker.controller)
          await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
        tracker.track("answered");
        const problem = await tracker.flush().catch((error) => error.message);
        await registration.unregister();
        return problem;
      `);
      // Firefox passes no request with keepalive to a service worker.
      if (browser !== "firefox") {
        expect(problem).toContain(`1 batches wait: not a response of a collector: ${status} ${body}`);
        expect(eventCount()).toBe(before);
      }
      await tab.goto(url("plain.html", { signals: [] }));
      await expect.poll(() => eventCount() - before, ARRIVAL).toBe(1);
    });
  });
});
