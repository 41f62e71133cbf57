import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import sdk from "../../packages/sdk/package.json" with { type: "json" };
import type { Entry } from "../../scripts/bundle/bundle.ts";

/** A signal of the SDK: the entry that it has to itself, its file, and the name of its factory. */
interface Signal {
  entry: string;
  file: string;
  name: string;
}

/** The signals, by the package's own list of entries. */
export const signals: Signal[] = Object.entries(sdk.exports).flatMap(([path, file]) => {
  const [, word] = /^\.\/src\/signals\/(.+)\.ts$/.exec(`${file}`) ?? [];
  if (!word) return [];
  const name = word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return [{ entry: path.replace(".", "@tidemark/sdk"), file: `signals/${word}.ts`, name }];
});

const TRACKER = fileURLToPath(new URL("../../packages/sdk/src/tracker.ts", import.meta.url));

/** A program that measures with these signals. `imports`: the root of the package, or each from where it is written. */
export const program = (measured: Signal[], imports: "root" | "each" = "root"): Entry & object => {
  const names = measured.map(({ name }) => name);
  const lines =
    imports === "root"
      ? [`import { ${["createTracker", ...names]} } from "@tidemark/sdk";`]
      : [
          ...measured.map(({ name, entry }) => `import { ${name} } from "${entry}";`),
          `import { createTracker } from "${TRACKER}";`,
        ];
  lines.push(`createTracker({ key: "tm_k_1", endpoint: "/", signals: [${names.map((name) => `${name}()`)}] });`);
  return { contents: lines.join("\n"), resolveDir: fileURLToPath(new URL(".", import.meta.url)) };
};

const shake = async (entry: Entry & object) => {
  const { outputFiles, metafile } = await build({
    stdin: entry,
    bundle: true,
    minify: true,
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
export const bytesLeftBehind = async (): Promise<number> => {
  let left = 0;
  for (const out of signals) {
    const others = signals.filter((signal) => signal !== out);
    const [whole, parts] = [await shake(program(others)), await shake(program(others, "each"))];
    const sight = parts.files.find((file) => file.endsWith(out.file));
    if (sight) throw new Error(`a program without ${out.name} sees ${sight}: something else imports it`);
    left += Math.abs(whole.bytes - parts.bytes);
  }
  return left;
};
