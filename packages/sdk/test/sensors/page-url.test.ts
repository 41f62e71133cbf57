import { describe, expect, it } from "vitest";
import { cleanUrl } from "../../src/sensors/page-url.ts";

describe("cleanUrl", () => {
  it.each([
    ["https://shop.example/a/b?utm_source=mail&token=1#part", "https://shop.example/a/b?utm_source=mail"],
    ["https://user:secret@shop.example/a?", "https://shop.example/a"],
    ["capacitor://localhost/home?token=1#part", "capacitor://localhost/home"],
    ["ionic://localhost/home?utm_source=mail", "ionic://localhost/home?utm_source=mail"],
    ["tauri://localhost", "tauri://localhost"],
    ["app://user:secret@-/index.html", "app://-/index.html"],
    ["android-app://com.example.search/", "android-app://com.example.search/"],
    ["file:///android_asset/www/index.html?token=1", "file:///android_asset/www/index.html"],
    ["chrome-extension://abcdefgh/page.html#part", "chrome-extension://abcdefgh/page.html"],
    ["blob:https://shop.example/1234", "blob:https://shop.example/1234"],
    ["about:blank", "about:blank"],
    ["data:text/html,<p>secret</p>?utm_source=mail", "data:text/html?utm_source=mail"],
    ["no url", ""],
  ])("makes %s %s", (href, cleaned) => expect(cleanUrl(href)).toBe(cleaned));

  it("keeps the named parameters", () =>
    expect(cleanUrl("capacitor://localhost/list?page=2&token=1", ["page"])).toBe("capacitor://localhost/list?page=2"));

  it("cuts a URL to 2,000 characters", () =>
    expect(cleanUrl(`https://shop.example/${"a".repeat(3_000)}`)).toHaveLength(2_000));
});
