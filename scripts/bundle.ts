import { build, type Format } from "esbuild";
import { minify } from "terser";

/** What browsers of the last three years understand. */
const TARGET = 2022;

/**
 * A module and all it imports as one minified script: bundled by esbuild, minified by terser, whose output compresses some
 * seven percent better than esbuild's own.
 *
 * @param entry Path of the module.
 */
export const bundle = async (entry: string, format: Format): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format,
    target: `es${TARGET}`,
    legalComments: "none",
    write: false,
  });
  const { code } = await minify(outputFiles[0]?.text ?? "", {
    module: true,
    ecma: TARGET,
    compress: { passes: 3 },
    format: { comments: false },
  });
  return code ?? "";
};
