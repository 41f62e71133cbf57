import { describe, expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

describe("gzip", () => {
  inEveryBrowser(({ open }) => {
    it("compresses a large body as gzip, and returns a small one unchanged", async () => {
      const tab = await open("plain.html");
      const [small, compressed, text] = await tab.run<[boolean, number, string]>(`
      const bytes = (text) => new TextEncoder().encode(text);
      const small = bytes("tide ".repeat(100));
      const compressed = await sdk.gzip(bytes("tide ".repeat(1_000)));
      const uncompressed = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
      return [(await sdk.gzip(small)) === small, compressed.length, await new Response(uncompressed).text()];
    `);
      expect(small).toBe(true);
      expect(compressed).toBeLessThan(500);
      expect(text).toBe("tide ".repeat(1_000));
    });
  });
});
