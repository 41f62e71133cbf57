import { readFileSync, writeFileSync } from "node:fs";

/*
 * Writes the version of the SDK's package.json into `src/version.ts`, from which each batch gets its `sdk`. The package's `version`
 * script runs this after the version has changed, and before it is committed.
 */
const sdk = (path: string) => new URL(`../packages/sdk/${path}`, import.meta.url);

const { version } = JSON.parse(readFileSync(sdk("package.json"), "utf8"));
const source = readFileSync(sdk("src/version.ts"), "utf8");
writeFileSync(sdk("src/version.ts"), source.replace(/"[^"]*"/, JSON.stringify(version)));
