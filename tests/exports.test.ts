import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PUBLISHED } from "../scripts/pack.ts";

type Conditions = Record<string, string>;

const built = (source: string, extension: string) => source.replace("/src/", "/dist/").replace(/\.ts$/, extension);

/**
 * Returns the published form of an entry: the built file of each condition, and one file of types for all conditions.
 */
const published = (entry: string | Conditions): Conditions => {
  const sources = typeof entry === "string" ? { default: entry } : entry;
  const code = Object.entries(sources).map(([condition, source]) => [condition, built(source, ".js")]);
  return { types: built(sources.browser ?? sources.default ?? "", ".d.ts"), ...Object.fromEntries(code) };
};

describe.each(PUBLISHED)("@tidemark/%s", (name) => {
  it("publishes its entries with the same conditions, in the same order", () => {
    const path = new URL(`../packages/${name}/package.json`, import.meta.url);
    const { exports, bin = {}, publishConfig } = JSON.parse(readFileSync(path, "utf8"));
    const expected = Object.entries<string | Conditions>(exports).map(([path, entry]) => [path, published(entry)]);
    expect(JSON.stringify(publishConfig.exports)).toBe(JSON.stringify(Object.fromEntries(expected)));
    const programs = Object.entries<string>(bin).map(([program, source]) => [program, built(source, ".js")]);
    expect(publishConfig.bin ?? {}).toEqual(Object.fromEntries(programs));
  });
});
