import { describe, expect, it } from "vitest";
import { isSessionIdOf } from "../../src/access/session-ids.ts";

describe("isSessionIdOf", () => {
  it.each(["shop.V1StGXR8Z5jdHi6B", "chosen-by-the-caller", "_-_-_-_-"])("accepts %j for the site shop", (id) => {
    expect(isSessionIdOf({ id: "shop" }, id)).toBe(true);
  });

  it.each([
    ...["", "short", "x".repeat(65), "shop.short", "shop.", ".V1StGXR8Z5jdHi6B", "shop.V1StGXR8.Z5jdHi6B"],
    ...["blog.V1StGXR8Z5jdHi6B", "sho.V1StGXR8Z5jdHi6B", "shop2.V1StGXR8Z5jdHi6B", "SHOP.V1StGXR8Z5jdHi6B"],
    ...["V1StGXR8Z5jdHi6B\n", "V1StGXR8 Z5jdHi6B", "shop:V1StGXR8Z5jdHi6B", "../../../etc/passwd", "ümläute-ümläute"],
  ])("rejects %j for the site shop", (id) => {
    expect(isSessionIdOf({ id: "shop" }, id)).toBe(false);
  });
});
