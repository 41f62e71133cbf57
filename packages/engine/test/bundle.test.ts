import { build } from "esbuild";
import { describe, expect, it } from "vitest";

/** Words that occur only in code of zod, of hono, of the Workers runtime or of Node. */
const FOREIGN = ["zod", "ZodError", "invalid_union", "hono", "cloudflare", "node:"];

/**
 * Bundles a program with its imports, for no specific runtime. @throws when an import is neither from the engine nor
 * the schema.
 */
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

describe("a bundle", () => {
  it.each(["@tidemark/engine", "@tidemark/engine/sql"])(
    "of %s contains no code of zod, hono, Cloudflare or Node, and no imports",
    async (entry) => {
      const code = await bundle(`export * from "${entry}"`);
      expect(code).toContain("derivationOrder");
      expect(foreignIn(code)).toEqual([]);
      expect(code).not.toMatch(/^import\b|\b(import|require)\(/m);
    },
  );

  it("of the catalogue and the functions that define features contains no such code", async () => {
    const code = await bundle(`
    export { defaultFeatures, defineFeatures, hopping, session } from "@tidemark/schema";
    export * from "@tidemark/engine"`);
    expect(code).toContain("click_count_1m");
    expect(foreignIn(code)).toEqual([]);
  });

  it("of the contract contains zod", async () => {
    expect(foreignIn(await bundle('export { parseFeatures } from "@tidemark/schema"'))).toContain("ZodError");
  });
});
