import { describe, expect, it } from "vitest";
import { goBack } from "../browsers/go-back.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

describe("delivery and the back-forward cache", () => {
  inEveryBrowser(({ open, url }) => {
    it.each(["", "/hanging"])(
      "restores a page that is left in its first seconds, while it recovers batches; collector %s",
      async (collector) => {
        const settings = { signals: [], collector };
        const tab = await open("plain.html", settings);
        const visit = async (page: string) => {
          await tab.run(`location.href = "${url(page, settings)}"`);
          await expect
            .poll(() =>
              tab.run<boolean>(`return location.pathname === "/${page}" && !!window.tracker`).catch(() => false),
            )
            .toBe(true);
        };
        await tab.run("for (let number = 0; number < 3; number += 1) tracker.track('numbered', { number })");
        await visit("short.html");
        await tab.run(`
          addEventListener("pageshow", ({ persisted }) => { window.persisted = persisted; });
          await new Promise((resolve) => setTimeout(resolve, 300));
        `);
        await visit("long.html");
        await goBack(tab);
        const isRestored = await tab.run(`
          const [{ notRestoredReasons }] = performance.getEntriesByType("navigation");
          return window.persisted ?? JSON.stringify(notRestoredReasons) ?? "loaded again";
        `);
        expect(isRestored).toBe(true);
      },
    );
  });
});
