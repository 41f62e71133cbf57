import { expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

inEveryBrowser(({ open, url, eventCount }) => {
  it("leaves to the browser what has no room in flight when a page is left, where the browser takes it (fetchLater)", async () => {
    const before = eventCount();
    const tab = await open("plain.html", { signals: [] });
    const takes = await tab.run<boolean>("return 'fetchLater' in window");
    // Forty events of 7.5 KB: what is in flight fills its quota, and stays there.
    await tab.run(`
      window.fetch = () => new Promise(() => {});
      for (let number = 0; number < 40; number += 1) tracker.track("large", { number, text: "x".repeat(7_500) });
    `);
    await tab.goto("about:blank");
    if (takes) await expect.poll(() => eventCount() - before).toBeGreaterThan(4);
    else expect(eventCount()).toBe(before);
    // All of it comes with the next page, which is told nothing of what the browser sent.
    await tab.goto(url("plain.html", { signals: [] }));
    await expect.poll(() => eventCount() - before).toBe(40);
  });
});
