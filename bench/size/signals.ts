import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Entry } from "../../scripts/bundle/bundle.ts";
import { type SdkSignal, sdkSignals } from "../../scripts/bundle/sdk-signals.ts";

const TRACKER = fileURLToPath(new URL("../../packages/sdk/src/tracker/create-tracker.ts", import.meta.url));

/** A program that measures with these signals. `imports`: the root of the package, or each from where it is written. */
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
    // Names stay as they are: how long minified ones are depends on the order of the modules.
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    write: false,
    metafile: true,
  });
  return { bytes: outputFiles[0]?.contents.length ?? 0, files: Object.keys(metafile.inputs) };
};

/**
 * Bytes that signals leave in bundles of programs that take all others from the root of the package: what these are larger
 * than programs that take each from where it is written, and so do not even see the file of the one left out.
 */
export const unusedSignalBytes = async (): Promise<number> => {
  let left = 0;
  for (const out of sdkSignals) {
    const others = sdkSignals.filter((signal) => signal !== out);
    const [whole, parts] = [await bundleUnminified(program(others)), await bundleUnminified(program(others, "each"))];
    const sight = parts.files.find((file) => file.endsWith(out.file));
    if (sight) throw new Error(`a program without ${out.name} sees ${sight}: something else imports it`);
    left += Math.abs(whole.bytes - parts.bytes);
  }
  return left;
};
