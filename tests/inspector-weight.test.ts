import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

/** The SDK's modules in the bundle of an entry. */
const modulesOf = async (entry: string): Promise<string[]> => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../${entry}`, import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
  });
  return Object.keys(metafile.inputs).filter((path) => path.startsWith("packages/sdk/src/"));
};

const inspectorModules = (modules: string[]) => modules.filter((path) => path.includes("/inspector/"));

describe("the inspector", () => {
  it.each(["packages/sdk/src/index.ts", "packages/sdk/src/script-tag.ts"])("is not part of %s", async (entry) => {
    const modules = await modulesOf(entry);
    expect(modules).toContain("packages/sdk/src/tracker/create-tracker.ts");
    expect(inspectorModules(modules)).toEqual([]);
  });

  it("contains no module of delivery, identity and signals", async () => {
    const modules = await modulesOf("packages/sdk/src/inspector/inspect.ts");
    expect(inspectorModules(modules).length).toBeGreaterThan(5);
    expect(modules.filter((path) => /tracker|\/(delivery|identity|signals)\//.test(path))).toEqual([]);
  });
});
