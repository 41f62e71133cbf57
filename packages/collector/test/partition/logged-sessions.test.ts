import type { Event } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { latestLoggedPush } from "../../src/partition/logged-sessions.ts";
import { packEvents } from "../../src/records/packed-records.ts";

const envelope = {
  ...{ v: 1, key: "tm_shop_aaaaaaaa", sent_at: 5_000, session_id: "shop.session-1", anonymous_id: "a" },
  ...{ tab_id: "tab-1", sdk: "js/0.1.0", views: [] },
};

/** Packs the events of a batch: their push, and the number of the first one. */
const packed = (push: number, arrival: number, count: number): Uint8Array => {
  const events = Array.from({ length: count }, (_, index): Event => {
    return { type: "custom", seq: arrival + index, time: 1_000, name: "x" };
  });
  return packEvents({
    ...{ push, arrival, received_at: 9_000, anonymous_id: "a", events, times: events.map(({ time }) => time) },
    text: { envelope: JSON.stringify(envelope), events: JSON.stringify(events) },
  });
};

// The third push has the events of two batches.
const records = Uint8Array.from(
  [packed(2, 4, 3), packed(3, 7, 2), packed(3, 9, 1), packed(5, 10, 4)].flatMap((part) => [...part]),
);

describe("the latest push that the log has", () => {
  it.each([
    [0, undefined],
    [5, undefined],
    [6, 2],
    [8, 2],
    [9, 3],
    [12, 3],
    [13, 5],
    [99, 5],
  ])("with records up to number %i is %s", (latest, push) => {
    expect(latestLoggedPush(records, latest)).toBe(push);
  });

  it("is none without records", () => {
    expect(latestLoggedPush(new Uint8Array(), 99)).toBeUndefined();
  });
});
