import { describe, expect, it } from "vitest";
import { createReferrerReader } from "../../src/records/external-referrer.ts";

const referrerOf = (url: string, referrer?: string) =>
  createReferrerReader()({ view_id: "view0001", started_at: 0, url, ...(referrer !== undefined && { referrer }) });

describe("the external referrer", () => {
  it.each([
    ["https://shop.example/a", "https://search.example/"],
    ["https://shop.example/a", "https://blog.shop.example/"],
    ["https://shop.example/a", "https://shop.example.evil.example/"],
    ["https://shop.example/a", "https://search.example/?at=https://shop.example/"],
    ["http://localhost:3000/", "http://localhost:4000/"],
    ["https://shop.example/a", "android-app://com.google.android.gm/"],
    ["", "https://search.example/"],
  ])("of %s is %s", (url, referrer) => {
    expect(referrerOf(url, referrer)).toBe(referrer);
  });

  it.each([
    ["https://shop.example/a", "https://shop.example/b"],
    ["https://shop.example/a", "http://shop.example"],
    ["https://www.shop.example/a", "https://shop.example?q"],
    ["https://shop.example/a", "https://WWW.Shop.example/b"],
    ["capacitor://localhost/home", "capacitor://localhost/"],
    ["file:///app/index.html", "file:///app/other.html"],
    ["", "about:blank"],
    ["https://shop.example/a", ""],
    ["https://shop.example/a", undefined],
  ])("of %s is absent for %s", (url, referrer) => {
    expect(referrerOf(url, referrer)).toBeUndefined();
  });

  it("is that of each page view", () => {
    const read = createReferrerReader();
    const view = (referrer: string) => ({ view_id: "view0001", started_at: 0, url: "https://a.example/", referrer });
    const [one, other] = [view("https://b.example/"), view("https://a.example/x")];
    expect([one, one, other, undefined, one].map(read)).toEqual([
      one.referrer,
      one.referrer,
      undefined,
      undefined,
      one.referrer,
    ]);
  });
});
