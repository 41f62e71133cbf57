import { expect, it, vi } from "vitest";

// The SDK takes the class when it is loaded.
vi.hoisted(() => vi.stubGlobal("CompressionStream", undefined));

it("returns the body unchanged without a CompressionStream", async () => {
  const { gzip } = await import("../../src/delivery/gzip.ts");
  const body = new TextEncoder().encode("tide ".repeat(1_000));
  expect(await gzip(body)).toBe(body);
});
