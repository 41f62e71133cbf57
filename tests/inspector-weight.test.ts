import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** The SDK's modules that have a part in a bundle. */
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

const inspectors = (modules: string[]) => modules.filter((path) => path.includes("/inspector/"));

it.each(["packages/sdk/src/index.ts", "packages/sdk/src/script-tag.ts"])(
  "%s holds nothing of the inspector",
  async (entry) => {
    const modules = await modulesOf(entry);
    expect(modules).toContain("packages/sdk/src/tracker/create-tracker.ts");
    expect(inspectors(modules)).toEqual([]);
  },
);

it("the inspector holds nothing of delivery and signals", async () => {
  const modules = await modulesOf("packages/sdk/src/inspector/inspect.ts");
  expect(inspectors(modules).length).toBeGreaterThan(5);
  expect(modules.filter((path) => /tracker|\/(delivery|identity|signals)\//.test(path))).toEqual([]);
});
