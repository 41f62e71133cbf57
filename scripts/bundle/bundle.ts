import { type BuildOptions, build } from "esbuild";
import { type MinifiedCode, minifyOnce } from "./minify.ts";
import { withBoundWebVitals } from "./web-vitals.ts";

/** The latest version of ECMAScript that all browsers of the last three years support. */
const TARGET = 2022;

/** The entry of a bundle: the path of a module, or its code with the folder that its imports are relative to. */
export type Entry = string | { contents: string; resolveDir: string };

/** Further options for esbuild. */
type MoreOptions = Pick<BuildOptions, "define" | "plugins">;

/** Bundles like {@link bundle}, for browsers' modules, with a source map. */
export const bundleWithMap = async (
  entry: Entry,
  { plugins = [], ...more }: MoreOptions = {},
): Promise<MinifiedCode> => {
  const { outputFiles } = await build({
    ...(typeof entry === "string" ? { entryPoints: [entry] } : { stdin: entry }),
    ...more,
    plugins: [...plugins, withBoundWebVitals],
    bundle: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    format: "esm",
    target: `es${TARGET}`,
    legalComments: "none",
    write: false,
    sourcemap: "external",
    // Nothing is written: esbuild needs a name for the two files.
    outfile: "bundle.js",
  });
  const fileOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return minifyOnce(fileOf(".js"), {
    module: true,
    ecma: TARGET,
    // `unsafe_arrows` is safe here: no function of the SDK depends on its own `this` or `arguments`.
    compress: { passes: 3, unsafe: true, unsafe_arrows: true, sequences: false },
    format: { comments: false },
    sourceMap: { content: fileOf(".map") },
  });
};

/**
 * Bundles a module and all its imports into one script, which it minifies with esbuild and then with terser.
 * Compressed, the result is about eight percent smaller than with esbuild alone, and one percent smaller than with
 * terser alone.
 *
 */
export const bundle = async (entry: Entry, format: "esm" | "iife", more?: MoreOptions): Promise<string> => {
  const { code } = await bundleWithMap(entry, more);
  // The function is added last: terser treats the code as a module, and might move variables out of a function to the
  // top level, which is global in a script.
  return format === "iife" ? `(()=>{${code.replace(/;$/, "")}})();` : code;
};
