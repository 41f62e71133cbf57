import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Plugin } from "esbuild";
import * as names from "../../packages/sdk/src/web-vitals/names.ts";

const library = (path: string) => readFileSync(new URL(path, import.meta.resolve("web-vitals")), "utf8");

/**
 * Returns web-vitals as the builds of the SDK contain it. The library reads global names, and a page may have replaced
 * any of them, so this module imports them.
 *
 * @param namesModule The module with the names: `names.ts` or its build, as this module imports it.
 */
export const boundWebVitals = (namesModule: string): string => {
  const { version } = JSON.parse(library("../package.json"));
  const code = library("web-vitals.js").replace(/\n\/\/# sourceMappingURL=.*/, "");
  return `/*
 * web-vitals ${version}. Copyright 2020 Google LLC, licensed under the Apache License, Version 2.0:
 * https://www.apache.org/licenses/LICENSE-2.0. The build of the SDK added the import.
 */
import { ${Object.keys(names).toSorted().join(", ")} } from "${namesModule}";
${code}`;
};

/** An esbuild plugin that replaces the SDK's import of web-vitals by {@link boundWebVitals}. */
export const withBoundWebVitals: Plugin = {
  name: "bound-web-vitals",
  setup({ onLoad }) {
    onLoad({ filter: /\/packages\/sdk\/src\/web-vitals\/library\.ts$/ }, ({ path }) => ({
      contents: boundWebVitals("./names.ts"),
      resolveDir: dirname(path),
      loader: "js",
    }));
  },
};
