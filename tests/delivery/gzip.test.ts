import { expect, it } from "vitest";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

inEveryBrowser(({ open }) => {
  it("makes a batch smaller that any gunzip reads, and leaves a small one alone", async () => {
    const tab = await open("plain.html");
    const [small, packed, text] = await tab.run<[boolean, number, string]>(`
      const bytes = (text) => new TextEncoder().encode(text);
      const small = bytes("tide ".repeat(100));
      const packed = await sdk.gzip(bytes("tide ".repeat(1_000)));
      const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      return [(await sdk.gzip(small)) === small, packed.length, await new Response(unpacked).text()];
    `);
    expect(small).toBe(true);
    expect(packed).toBeLessThan(500);
    expect(text).toBe("tide ".repeat(1_000));
  });

  it("lets a body go as it is at once when the page is hidden before it is packed", async () => {
    const tab = await open("plain.html");
    await tab.run(`
      globalThis.CompressionStream = class { constructor() { return new TransformStream({ flush: () => new Promise(() => {}) }); } };
      const body = new TextEncoder().encode("tide ".repeat(1_000));
      globalThis.same = sdk.gzip(body).then((packed) => packed === body);
    `);
    await open("plain.html");
    expect(await tab.run("return globalThis.same")).toBe(true);
  });

  it("goes as it is where the browser has no CompressionStream", async () => {
    const tab = await open("plain.html");
    const isSame = await tab.run<boolean>(`
      delete globalThis.CompressionStream;
      const body = new TextEncoder().encode("tide ".repeat(1_000));
      return (await sdk.gzip(body)) === body;
    `);
    expect(isSame).toBe(true);
  });
});
