import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Entry } from "../../scripts/bundle/bundle.ts";
import { type SdkSignal, sdkSignals } from "../../scripts/bundle/sdk-signals.ts";

const TRACKER = fileURLToPath(new URL("../../packages/sdk/src/tracker/create-tracker.ts", import.meta.url));

/**
 * Returns a program that uses these signals.
 *
 * @param imports Whether it imports all from the root of the package, or each from its own module.
 */
export const program = (measured: SdkSignal[], imports: "root" | "each" = "root"): Entry & object => {
  const names = measured.map(({ name }) => name);
  const lines =
    imports === "root"
      ? [`import { ${["createTracker", ...names]} } from "@tidemark/sdk";`]
      : [
          ...measured.map(({ name, entry }) => `import { ${name} } from "${entry}";`),
          `import { createTracker } from "${TRACKER}";`,
        ];
  lines.push(`createTracker({ key: "tm_k_12345678", endpoint: "/", signals: [${names.map((name) => `${name}()`)}] });`);
  return { contents: lines.join("\n"), resolveDir: fileURLToPath(new URL(".", import.meta.url)) };
};

const bundleUnminified = async (entry: Entry & object) => {
  const { outputFiles, metafile } = await build({
    stdin: entry,
    bundle: true,
    // Identifiers are not minified: their length would depend on the order of the modules.
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    write: false,
    metafile: true,
  });
  return { bytes: outputFiles[0]?.contents.length ?? 0, files: Object.keys(metafile.inputs) };
};

/**
 * Returns the bytes of unused signals in bundles. For each signal, it bundles a program with all other signals twice:
 * with imports from the root of the package, and with imports from the modules of the signals. The second bundle cannot
 * contain the unused signal, so the difference is that signal's bytes.
 *
 * @throws Error when another module imports the unused signal.
 */
export const unusedSignalBytes = async (): Promise<number> => {
  let bytes = 0;
  for (const unused of sdkSignals) {
    const others = sdkSignals.filter((signal) => signal !== unused);
    const [fromRoot, fromModules] = [
      await bundleUnminified(program(others)),
      await bundleUnminified(program(others, "each")),
    ];
    const file = fromModules.files.find((each) => each.endsWith(unused.file));
    if (file)
      throw new Error(`${file}: expected no import in a program without ${unused.name}; another module imports it`);
    bytes += Math.abs(fromRoot.bytes - fromModules.bytes);
  }
  return bytes;
};
