import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** Options of waits for events to arrive. */
const ARRIVAL = { timeout: 20_000, interval: 20 };

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

    it("of a page that is being left is scheduled with fetchLater beyond the keepalive quota", async () => {
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

    it("is compressed by default, unless it is small or the option turns it off", async () => {
      const tab = await open("plain.html", { signals: [] });
      const bodies = await tab.run<string[]>(`
        const { fetch } = window;
        const kinds = [];
        window.fetch = (url, request) => {
          if (request.body) kinds.push(request.body[0] === 0x1f ? "gzip" : "text");
          return fetch(url, request);
        };
        const send = async (key, text, options) => {
          const own = sdk.createTracker({ key, endpoint: location.origin, ...options });
          own.track("sent", { text });
          await own.flush();
          own.stop();
        };
        await send("tm_test_33333333", "x".repeat(2_000));
        await send("tm_test_44444444", "x");
        await send("tm_test_55555555", "x".repeat(2_000), { compress: false });
        window.fetch = fetch;
        return kinds;
      `);
      expect(bodies).toEqual(["gzip", "text", "text"]);
    });

    it("has a report about the SDK once a session: the first one of the page that begins it, once that is hidden", async () => {
      /** Opens a page that throws in its own function, and leaves it. Returns the reports of its requests, and the batches' ids. */
      const reportsOfVisit = async () => {
        const tab = await open("plain.html", { signals: [] });
        await tab.run(`
          const { fetch } = window;
          localStorage.reports = "[]";
          window.fetch = (url, { body, ...request }) => {
            if (body) {
              const { tab_id, events, sdk_report } = JSON.parse(new TextDecoder().decode(body));
              const sent = { id: tab_id + "/" + events[0].seq, sdk_report };
              localStorage.reports = JSON.stringify([...JSON.parse(localStorage.reports), sent]);
            }
            return fetch(url, { body, ...request });
          };
          const own = sdk.createTracker({ key: "tm_test_66666666", endpoint: location.origin, compress: false });
          own.on("event", () => { throw new Error("of the page"); });
          own.track("first");
          await own.flush();
          addEventListener("pagehide", () => own.track("last"));
        `);
        await tab.goto(url("other.html", { signals: [] }));
        return tab.run<{ id: string; sdk_report?: { errors: number } }[]>("return JSON.parse(localStorage.reports)");
      };
      const [first, last, ...others] = await reportsOfVisit();
      expect(first?.sdk_report).toBeUndefined();
      // Each event of the tracker is one exception of the page's function, and there may be others before.
      expect(last?.sdk_report?.errors).toBeGreaterThanOrEqual(2);
      expect(last?.sdk_report).toEqual({
        script_ms: expect.any(Number),
        errors: expect.any(Number),
        storage_errors: 0,
      });
      expect(others.filter(({ sdk_report }) => sdk_report)).toEqual([]);
      // The next page may send the last batch again, because the browser ends the page that waits for its response.
      const reported = (await reportsOfVisit()).filter(({ id, sdk_report }) => sdk_report && id !== last?.id);
      expect(reported).toEqual([]);
    });

    it("has a large body as gzip, and a small one unchanged", async () => {
      const tab = await open("plain.html");
      const [small, compressed, text] = await tab.run<[boolean, number, string]>(`
      const bytes = (text) => new TextEncoder().encode(text);
      const small = bytes("tide ".repeat(100));
      const compressed = await sdk.gzip(bytes("tide ".repeat(1_000)));
      const uncompressed = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
      return [(await sdk.gzip(small)) === small, compressed.length, await new Response(uncompressed).text()];
    `);
      expect(small).toBe(true);
      expect(compressed).toBeLessThan(500);
      expect(text).toBe("tide ".repeat(1_000));
    });
  });
});
