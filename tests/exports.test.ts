import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Conditions = Record<string, string>;

const built = (source: string, extension: string) => source.replace("/src/", "/dist/").replace(/\.ts$/, extension);

/** What is published for an entry that is this source here: what is built of it, and the types, which every reader has alike. */
const published = (entry: string | Conditions): Conditions => {
  const sources = typeof entry === "string" ? { default: entry } : entry;
  const code = Object.entries(sources).map(([condition, source]) => [condition, built(source, ".js")]);
  return { types: built(sources.browser ?? sources.default ?? "", ".d.ts"), ...Object.fromEntries(code) };
};

describe.each(["schema", "engine", "sdk", "collector", "cli"])("the entries of @tidemark/%s", (name) => {
  it("are published as they are here, under the same conditions in the same order", () => {
    const path = new URL(`../packages/${name}/package.json`, import.meta.url);
    const { exports, bin = {}, publishConfig } = JSON.parse(readFileSync(path, "utf8"));
    const expected = Object.entries<string | Conditions>(exports).map(([path, entry]) => [path, published(entry)]);
    expect(JSON.stringify(publishConfig.exports)).toBe(JSON.stringify(Object.fromEntries(expected)));
    const programs = Object.entries<string>(bin).map(([program, source]) => [program, built(source, ".js")]);
    expect(publishConfig.bin ?? {}).toEqual(Object.fromEntries(programs));
  });
});
