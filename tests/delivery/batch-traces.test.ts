import type { Batch } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

const PAGE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

describe("the traces of batches", () => {
  inEveryBrowser(({ open }) => {
    /** Tracks an event in each of ten batches, and returns the batches that were sent. */
    const send = async (options: string, respond = "fetch(url, init)", batches = 10): Promise<Batch[]> => {
      const tab = await open("plain.html", { signals: [] });
      return tab.run(`
        const sent = [];
        const fetch = window.fetch;
        window.fetch = async (url, init) => {
          if (!String(url).endsWith("/events")) return fetch(url, init);
          const batch = JSON.parse(new TextDecoder().decode(init.body));
          if (batch.key !== "tm_test_33333333") return fetch(url, init);
          sent.push(batch);
          return ${respond};
        };
        const tracker = sdk.createTracker({
          key: "tm_test_33333333",
          endpoint: location.origin,
          signals: [sdk.batchTraces(${options})],
        });
        for (let number = 0; number < ${batches}; number += 1) {
          tracker.track("traced", { number });
          await tracker.flush().catch(() => {});
        }
        tracker.stop();
        return sent;
      `);
    };
    const traceparentsOf = (batches: Batch[]) => batches.map(({ traceparent }) => traceparent);

    it("have an id of their own, which is sampled, and the collector accepts them", async () => {
      const traceparents = traceparentsOf(await send("{ share: 1 }"));
      expect(new Set(traceparents).size).toBe(10);
      for (const each of traceparents) expect(each).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    });

    it.each([
      "",
      "{ share: 0 }",
      "{ traceparent: () => undefined }",
      "{ traceparent: () => { throw new Error('x'); } }",
    ])("are none with %j", async (options) => {
      expect(traceparentsOf(await send(options))).toEqual(Array(10).fill(undefined));
    });

    it("are of a share of the batches", async () => {
      const traced = (await send("{ share: 0.5 }", "fetch(url, init)", 40)).filter(({ traceparent }) => traceparent);
      // Fewer than 3 or more than 37 of 40 are as likely as 1 in 10^8.
      expect(traced.length).toBeGreaterThan(2);
      expect(traced.length).toBeLessThan(38);
    });

    it("are those of the page's own tracer, if it records them", async () => {
      const given = [`"${PAGE}-01"`, `"${PAGE}-00"`, `"${PAGE}-03"`, `"01${PAGE.slice(2)}-01"`, "7", "null"];
      const options = `{ traceparent: () => [${given}][window.calls = (window.calls ?? -1) + 1] }`;
      expect(traceparentsOf(await send(options, "fetch(url, init)", 6))).toEqual([
        ...[`${PAGE}-01`, undefined, `${PAGE}-03`, undefined, undefined, undefined],
      ]);
    });

    it("are the same when a batch is sent again", async () => {
      // The first attempt fails, and stopping sends again what waits.
      const batches = await send(
        "{ share: 1 }",
        `sent.length === 1 ? Promise.reject(new Error("offline")) : fetch(url, init)`,
      );
      expect(batches.length).toBeGreaterThan(1);
      expect(batches[1]?.traceparent).toBe(batches[0]?.traceparent);
    });

    it("end with a collector that does not know them, which loses no batch", async () => {
      const rejection = { error: { code: "invalid_batch", message: "traceparent is not a field of the contract" } };
      const batches = await send(
        "{ share: 1 }",
        `batch.traceparent ? Response.json(${JSON.stringify(rejection)}, { status: 400 }) : fetch(url, init)`,
        3,
      );
      expect(traceparentsOf(batches)).toEqual([expect.any(String), undefined, undefined, undefined]);
      expect(batches.map(({ events }) => (events[0] as { properties: object }).properties)).toEqual(
        [0, 0, 1, 2].map((number) => ({ number })),
      );
    });
  });
});
