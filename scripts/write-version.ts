import { readFileSync, writeFileSync } from "node:fs";

/*
 * Copies the version from a package's package.json into its `src/version.ts`: the source of the field `sdk` in each batch,
 * and of the collector's release in the metrics. The packages' `version` scripts run this between the change of the version
 * and its commit. Argument: the folder of the package, such as `sdk`.
 */
const file = (path: string) => new URL(`../packages/${process.argv[2]}/${path}`, import.meta.url);

const { version } = JSON.parse(readFileSync(file("package.json"), "utf8"));
const source = readFileSync(file("src/version.ts"), "utf8");
writeFileSync(file("src/version.ts"), source.replace(/"[^"]*"/, JSON.stringify(version)));
