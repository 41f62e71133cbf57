import { readFileSync, writeFileSync } from "node:fs";

/*
 * Copies the version from the SDK's package.json into `src/version.ts`, the source of the field `sdk` in each batch.
 * The package's `version` script runs this between the change of the version and its commit.
 */
const sdk = (path: string) => new URL(`../packages/sdk/${path}`, import.meta.url);

const { version } = JSON.parse(readFileSync(sdk("package.json"), "utf8"));
const source = readFileSync(sdk("src/version.ts"), "utf8");
writeFileSync(sdk("src/version.ts"), source.replace(/"[^"]*"/, JSON.stringify(version)));
