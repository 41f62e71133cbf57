import { afterEach, describe, expect, it, vi } from "vitest";
import { guard } from "../src/guard.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a guarded function on a page with zone.js", () => {
  it("runs outside of the page's zone, and receives the rejection of its promise there", () => {
    let zone = "app";
    const used: string[] = [];
    const run = <R>(task: () => R): R => {
      zone = "root";
      const result = task();
      zone = "app";
      return result;
    };
    vi.stubGlobal("setTimeout", () => {});
    vi.stubGlobal(
      "Zone",
      Object.assign(() => {}, { __symbol__: String, root: { run } }),
    );
    guard(() => {
      used.push(`run in ${zone}`);
      return { catch: () => used.push(`catch in ${zone}`) };
    })();
    expect(used).toEqual(["run in root", "catch in root"]);
  });
});
