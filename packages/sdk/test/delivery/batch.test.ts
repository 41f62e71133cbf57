import { describe, expect, it } from "vitest";
import { append, newBatch } from "../../src/delivery/batch.ts";
import { droppedRangesOf } from "../../src/delivery/dropped-ranges.ts";
import { eventOf, originOf, viewOf } from "./batches.ts";

describe("a batch", () => {
  it("contains its origin, its events in order, and each page view once", () => {
    const [first, second] = [viewOf("first"), viewOf("second")];
    const batch = newBatch(originOf("tab"), eventOf(0), first, []);
    append(batch, eventOf(1), first);
    append(batch, eventOf(2), second);
    expect(batch).toMatchObject({ ...originOf("tab"), v: 1, dropped: [], views: [first, second] });
    expect(batch.events.map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  it("loses its own events and the dropped ranges that it would have reported", () => {
    const before = { from_seq: 0, to_seq: 3, reason: "overflow" } as const;
    const batch = newBatch(originOf("tab"), eventOf(4), viewOf("view"), [before]);
    append(batch, eventOf(5), viewOf("view"));
    expect(droppedRangesOf(batch, "refused")).toEqual([before, { from_seq: 4, to_seq: 5, reason: "refused" }]);
  });
});
