import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as names from "../../packages/sdk/src/web-vitals/names.ts";

const library = (path: string) => readFileSync(new URL(path, import.meta.resolve("web-vitals")), "utf8");

/** Path of the SDK's copy of web-vitals. */
export const WEB_VITALS = fileURLToPath(new URL("../../packages/sdk/src/web-vitals/library.ts", import.meta.url));

/**
 * Returns the SDK's copy of web-vitals. The library reads global names, and a page may have replaced any of them, so
 * the copy imports them from `names.ts`.
 */
export const webVitalsCopy = (): string => {
  const { version } = JSON.parse(library("../package.json"));
  const code = library("web-vitals.js").replace(/\n\/\/# sourceMappingURL=.*/, "");
  return `// @ts-nocheck
/*
 * web-vitals ${version}. Copyright 2020 Google LLC, licensed under the Apache License, Version 2.0:
 * https://www.apache.org/licenses/LICENSE-2.0. \`scripts/write-web-vitals.ts\` added the import.
 */
import { ${Object.keys(names).toSorted().join(", ")} } from "./names.ts";
${code}`;
};
