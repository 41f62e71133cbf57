import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";
import { capturedOf } from "../signals/test-site.ts";

describe("the driver of a browser", () => {
  inEveryBrowser(({ browser, open }) => {
    it("dispatches a click that the SDK captures", async () => {
      const tab = await open("plain.html");
      await tab.click("#button");
      await expect
        .poll(() => capturedOf(tab, "click"))
        .toEqual([
          expect.objectContaining({ target: expect.objectContaining({ id: "button" }), pointer_type: "mouse" }),
        ]);
    });

    it(`is ${browser}`, async () => {
      const tab = await open("plain.html");
      const userAgent = await tab.run<string>("return navigator.userAgent");
      const is = { chromium: /Chrome\//, firefox: /Gecko\/.*Firefox\//, webkit: /AppleWebKit\/(?!.*Chrome)/ };
      expect(userAgent).toMatch(is[browser]);
    });
  });
});
