import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A signal of the SDK. */
export interface SdkSignal {
  /** The name of its factory. */
  name: string;
  /** Its module, from `packages/sdk/src` on. */
  file: string;
  /** The entry of the package that holds it alone. */
  entry: string;
}

const SRC = fileURLToPath(new URL("../../packages/sdk/src/", import.meta.url));

/**
 * The signals of the SDK, by name: the factories that the modules in `signals/` export, one a module. `sessionPerCampaign`, which is a
 * signal itself, is not among them.
 */
export const sdkSignals: SdkSignal[] = globSync("signals/*.ts", { cwd: SRC })
  .sort()
  .flatMap((file) => {
    const [, name] = /^export const (\w+) =\s[^;]*?\): Signal =>/m.exec(readFileSync(SRC + file, "utf8")) ?? [];
    return name ? [{ name, file, entry: file.replace(/^signals\/(.*)\.ts$/, "@tidemark/sdk/$1") }] : [];
  });
