import { describe, expect, it } from "vitest";
import { fileName, hourOf, manifestName } from "../../src/log/index.ts";

const place = { site: "shop", date: "2026-11-29", partition: 3 };

describe("the names of the log's objects", () => {
  it("have the kind, the site and the hour as folders, and the offsets in order", () => {
    expect(fileName({ ...place, kind: "event", hour: 9, first_offset: 17, last_offset: 20_016 })).toBe(
      "kind=event/site=shop/date=2026-11-29/hour=09/03-0000000000000017-0000000000020016.parquet",
    );
  });

  it("have one manifest for a partition and day", () => {
    expect(manifestName(place)).toBe("manifest/site=shop/date=2026-11-29/03.json");
    expect(manifestName({ ...place, partition: 117 })).toBe("manifest/site=shop/date=2026-11-29/117.json");
  });
});

describe("hourOf", () => {
  it("returns the UTC date and hour of a time", () => {
    expect(hourOf(Date.UTC(2026, 10, 29, 23, 59, 59, 999))).toEqual({ date: "2026-11-29", hour: 23 });
    expect(hourOf(Date.UTC(2026, 10, 30))).toEqual({ date: "2026-11-30", hour: 0 });
  });
});
