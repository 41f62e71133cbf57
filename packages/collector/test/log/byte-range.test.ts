import { describe, expect, it } from "vitest";
import { byteRangeIn } from "../../src/log/byte-range.ts";

const SIZE = 1_000;

describe("byteRangeIn", () => {
  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=10-19", 10, 10],
    ["bytes=990-5000", 990, 10],
    ["bytes=990-", 990, 10],
    ["bytes=-10", 990, 10],
    ["bytes=-5000", 0, SIZE],
    ["bytes=0-", 0, SIZE],
    [`bytes=0-${"9".repeat(400)}`, 0, SIZE],
  ])("reads %s", (header, offset, length) => {
    expect(byteRangeIn(header, SIZE)).toEqual({ offset, length });
  });

  it.each([undefined, "", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "bytes=a-b", "bytes=1.5-2", "lines=0-1"])(
    "has the whole file for %s",
    (header) => {
      expect(byteRangeIn(header, SIZE)).toBeUndefined();
    },
  );

  it.each(["bytes=1000-", "bytes=1000-2000", "bytes=-0"])("finds no byte for %s", (header) => {
    expect(byteRangeIn(header, SIZE)).toBe("unsatisfiable");
  });
});
