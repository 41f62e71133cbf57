import { type BuildOptions, build } from "esbuild";
import { minify } from "terser";

/** What browsers of the last three years understand. */
const TARGET = 2022;

/** What is to be bundled: a module by its path, or the text of one, and the folder that its imports are seen from. */
export type Entry = string | { contents: string; resolveDir: string };

/**
 * A module and all it imports as one minified script: bundled and minified by esbuild, and by terser once more. It compresses
 * some eight percent better than what esbuild makes alone, and one percent better than what terser does.
 *
 * @param more What else esbuild is to know.
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
