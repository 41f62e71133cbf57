import { build } from "esbuild";
import { expect, it } from "vitest";

/** Words that only code of zod, of hono, of the Workers runtime or of Node holds. */
const FOREIGN = ["zod", "ZodError", "invalid_union", "hono", "cloudflare", "node:"];

/** Bundles what a program imports, for no runtime in particular. @throws when an import is neither engine nor schema. */
const bundle = async (program: string): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    platform: "neutral",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
};

const foreignIn = (code: string) => FOREIGN.filter((word) => code.includes(word));

it.each(["@tidemark/engine", "@tidemark/engine/sql"])(
  "a bundle of all of %s holds nothing of zod, hono, Cloudflare or Node, and imports nothing",
  async (entry) => {
    const code = await bundle(`export * from "${entry}"`);
    expect(code).toContain("derivationOrder");
    expect(foreignIn(code)).toEqual([]);
    expect(code).not.toMatch(/^import\b|\b(import|require)\(/m);
  },
);

it("a bundle with the catalogue and the functions that define features holds nothing of them either", async () => {
  const code = await bundle(`
    export { defaultFeatures, defineFeatures, hopping, session } from "@tidemark/schema";
    export * from "@tidemark/engine"`);
  expect(code).toContain("click_count_1m");
  expect(foreignIn(code)).toEqual([]);
});

it("a bundle with the contract holds zod", async () => {
  expect(foreignIn(await bundle('export { parseFeatures } from "@tidemark/schema"'))).toContain("ZodError");
});
