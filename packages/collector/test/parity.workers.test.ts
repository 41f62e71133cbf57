import { replay } from "@tidemark/engine";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventsUntil } from "../../engine/test/events.ts";
import { batchesOf, compare, named, send } from "./workers/replayed.ts";
import { config } from "./workers/worker.ts";

const DAY = 86_400_000;

describe("the served vectors", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("equal a replay of the same events to the bit, for sessions, users, pages and products", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        eventsUntil({ until: 2 * DAY, maxLength: 40 }),
        fc.infiniteStream(fc.boolean()),
        async (events, again) => {
          const now = 1_800_000_000_000;
          vi.setSystemTime(now);
          const batches = batchesOf(named(events, now, crypto.randomUUID().slice(0, 8)));
          for (const each of batches) {
            await send(each, now);
            if (again.next().value)
              expect(await send(each, now)).toMatchObject({ accepted: 0, duplicates: each.length });
          }
          const replayed = replay(batches.flat(), config.features);
          await vi.waitFor(() => Promise.all(replayed.map((each) => compare(each))), { timeout: 3_000 });
          compared += replayed.length;
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
