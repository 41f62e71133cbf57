import { describe, expect, it } from "vitest";
import sdk from "../package.json" with { type: "json" };
import { newBatch } from "../src/delivery/batch.ts";
import { VERSION } from "../src/version.ts";

describe("VERSION", () => {
  it("equals the version of the package, and each batch contains it", () => {
    expect(VERSION).toBe(sdk.version);
    const origin = { session_id: "shop.12345678", anonymous_id: "12345678", tab_id: "12345678" };
    const view = { view_id: "12345678", started_at: 0, url: "" };
    const event = { type: "custom", name: "hello", seq: 0, time: 0, view_id: "12345678" } as const;
    expect(newBatch(origin, event, view, []).sdk).toBe(`js/${sdk.version}`);
  });
});
