import { describe, expect, it } from "vitest";
import { pageUrlOf } from "../../src/script-tag/page-url.ts";

describe("the definition of a page that a tag names", () => {
  it.each([
    ["path", "https://shop.example/a"],
    ["hash", "https://shop.example/a#/part"],
    ["parameters:id", "https://shop.example/a?id=1"],
    ["parameters: page, id", "https://shop.example/a?id=1&page=2"],
  ])("%s makes %s", (setting, page) =>
    expect(`${pageUrlOf(setting)(new URL("https://shop.example/a?search=b&page=2&id=1#/part"))}`).toBe(page),
  );

  it("is a function as it is", () => {
    const define = ({ pathname }: URL) => pathname;
    expect(pageUrlOf(define)).toBe(define);
  });
});
