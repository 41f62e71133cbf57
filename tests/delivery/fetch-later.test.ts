import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

describe("delivery by fetchLater", () => {
  inEveryBrowser(({ open, url, eventCount }) => {
    it("schedules batches beyond the keepalive quota with fetchLater when a page is left", async () => {
      const before = eventCount();
      const tab = await open("plain.html", { signals: [] });
      const hasFetchLater = await tab.run<boolean>("return 'fetchLater' in window");
      // Forty events of 7.5 KB fill the quota, and the requests never end.
      await tab.run(`
      window.fetch = () => new Promise(() => {});
      for (let number = 0; number < 40; number += 1) tracker.track("large", { number, text: "x".repeat(7_500) });
    `);
      await tab.goto("about:blank");
      if (hasFetchLater) await expect.poll(() => eventCount() - before).toBeGreaterThan(4);
      else expect(eventCount()).toBe(before);
      // The next page sends all events, because it does not know which of them the browser has sent.
      await tab.goto(url("plain.html", { signals: [] }));
      await expect.poll(() => eventCount() - before).toBe(40);
    });
  });
});
