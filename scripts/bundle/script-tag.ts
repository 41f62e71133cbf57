import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import { LAZY_ENRICHMENTS, LAZY_SIGNALS } from "../../packages/sdk/src/script-tag/parts.ts";
import { shared } from "../../packages/sdk/src/script-tag/shared.ts";
import { bundle } from "./bundle.ts";

const sdk = (path: string) => fileURLToPath(new URL(`../../packages/sdk/${path}`, import.meta.url));

const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const modulesIn = (folder: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, `${folder}/${kebabCase(name)}.ts`]));

/** Paths of the modules that export the parts of the script tag, by the names of the parts. */
const MODULES: Record<string, string> = {
  ...modulesIn("signals", LAZY_SIGNALS),
  ...modulesIn("enrichments", Object.keys(LAZY_ENRICHMENTS)),
  ...modulesIn("events", ["debug"]),
  ...modulesIn("inspector", ["inspect"]),
  ...modulesIn("reactions", ["reactions"]),
};

/** The parts in separate files: large ones, and those that only developers load. All others share the file `more`. */
const SEPARATE_FILES = ["media", "webVitals", "reactions", "debug", "inspect"];

const partsIn = (file: string) =>
  Object.entries(MODULES).filter(([name]) => (SEPARATE_FILES.includes(name) ? name : "more") === file);

/** The files of the script tag, as the collector serves them. */
export interface ScriptTag {
  /** The SDK's version and a digest of the bundle, so that different bundles have different versions. */
  version: string;
  /** File name of the tag itself. */
  tag: string;
  /** The code of the tag, of the files that it loads, and of the stub, by file name. */
  files: Record<string, string>;
}

/** Returns the integrity metadata of a file, as defined by Subresource Integrity (https://www.w3.org/TR/SRI/). */
export const integrityOf = (code: string, algorithm: "sha256" | "sha384" = "sha384"): string =>
  `${algorithm}-${createHash(algorithm).update(code).digest("base64")}`;

/** The script element of a part, in code that a page cannot affect: an image with this name hides the property. */
const CURRENT_SCRIPT = 'window.Reflect.get(window.Document.prototype, "currentScript", document)';

/**
 * An esbuild plugin that excludes the modules shared by the tag (`shared.ts`) from the bundle of a part. A part reads
 * their exports from its script element, where the tag stores them.
 */
const sharedModules: Plugin = {
  name: "shared-modules",
  setup({ onLoad }) {
    onLoad({ filter: /\/packages\/sdk\/src\/.*\.ts$/ }, async ({ path }) => {
      const exported: Record<string, unknown> = await import(path);
      const names = Object.keys(exported).filter(
        (name) => name in shared && shared[name as keyof typeof shared] === exported[name],
      );
      return names.length
        ? { contents: `export const { ${names} } = ${CURRENT_SCRIPT}.shared;`, loader: "js" }
        : undefined;
    });
  },
};

const bundleFile = (parts: [name: string, module: string][]): Promise<string> =>
  bundle(
    {
      contents: `
        ${parts.map(([name, module]) => `import { ${name} } from "./${module}";`).join("")}
        ${CURRENT_SCRIPT}.parts = { ${parts.map(([name]) => name)} };
      `,
      resolveDir: sdk("src"),
    },
    "iife",
    { plugins: [sharedModules] },
  );

/** File name of the stub. */
export const STUB = "tidemark-stub.js";

/** Bundles the stub for inline use in pages. It is one line, so that formatting a page does not change its hash. */
export const bundleStub = (): Promise<string> => bundle(sdk("src/script-tag/stub.ts"), "iife");

/**
 * A comment for the compiler of Chromium (https://github.com/WICG/explicit-javascript-compile-hints-file-based): it compiles all functions of the
 * file while it loads, outside of the main thread. Otherwise it compiles each at its first call, which delays the page.
 */
const COMPILE_HINT = "//# allFunctionsCalledOnLoad\n";

/** Bundles the script tag, its parts and the stub. */
export const bundleScriptTag = async (): Promise<ScriptTag> => {
  const parts: Record<string, string> = {};
  for (const file of [...SEPARATE_FILES, "more"]) parts[file] = await bundleFile(partsIn(file));
  const integrities = Object.fromEntries(
    Object.entries(parts).map(([name, code]) => [name, integrityOf(code, "sha256")]),
  );
  const bundleTag = (version: string) =>
    bundle(sdk("src/script-tag.ts"), "iife", {
      define: { TAG_VERSION: JSON.stringify(version), TAG_FILES: JSON.stringify(integrities) },
    });
  const { version: released } = JSON.parse(readFileSync(sdk("package.json"), "utf8"));
  // The bundle contains its version, so the digest is computed from the bundle with an empty version.
  const digest = createHash("sha256")
    .update(await bundleTag(""))
    .digest("hex");
  const version = `${released}-${digest.slice(0, 8)}`;
  const tag = `tidemark-v${version}.js`;
  return {
    version,
    tag,
    files: {
      [tag]: COMPILE_HINT + (await bundleTag(version)),
      ...Object.fromEntries(Object.entries(parts).map(([name, code]) => [`tidemark-v${version}-${name}.js`, code])),
      [STUB]: await bundleStub(),
    },
  };
};
