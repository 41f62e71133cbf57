import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A signal of the SDK. */
export interface SdkSignal {
  /** Name of its factory function. */
  name: string;
  /** Path of its module, relative to `packages/sdk/src`. */
  file: string;
  /** The package entry that exports only this signal. */
  entry: string;
}

const SRC = fileURLToPath(new URL("../../packages/sdk/src/", import.meta.url));

/**
 * The signals of the SDK, sorted by file: one factory function per module in `signals/`. `sessionPerCampaign` is not
 * included, because it is a signal and not a factory.
 */
export const sdkSignals: SdkSignal[] = globSync("signals/*.ts", { cwd: SRC })
  .sort()
  .flatMap((file) => {
    const [, name] = /^export const (\w+) =\s[^;]*?\): Signal =>/m.exec(readFileSync(SRC + file, "utf8")) ?? [];
    return name ? [{ name, file, entry: file.replace(/^signals\/(.*)\.ts$/, "@tidemark/sdk/$1") }] : [];
  });
