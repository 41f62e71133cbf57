import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packInto } from "./pack.ts";

const packed = mkdtempSync(join(tmpdir(), "tidemark-packed-"));

/** What is said of a package that is published. It has ES modules only, for Node and for bundlers. */
const shapeOf = (name: string): [what: string, command: string, ...args: string[]][] => [
  [`package shape: ${name}`, "publint", "--strict", join(packed, `tidemark-${name}.tgz`)],
  [`package types: ${name}`, "attw", "--profile", "esm-only", join(packed, `tidemark-${name}.tgz`)],
];

/** `pnpm check`: everything that can be said of the code without running it, and the weight of the bundles. */
const checks: [what: string, command: string, ...args: string[]][] = [
  [
    "types of the published packages",
    "tsc",
    "-b",
    "packages/schema",
    "packages/engine",
    "packages/sdk",
    "packages/collector",
  ],
  ["types of the collector's tests and Workers", "tsc", "-p", "packages/collector/test"],
  ["types of scripts, benchmarks and tests", "tsc", "-p", "."],
  ["types of the React example", "tsc", "-p", "examples/react"],
  ["format and lint", "biome", "ci", "--error-on-warnings", "--colors=off"],
  ["unused code and dependencies", "knip"],
  ["packages can be packed", ...packInto(packed)],
  ...["schema", "engine", "sdk", "collector"].flatMap(shapeOf),
  ["weight of the bundles", "node", "bench/size/check.ts"],
];

const cwd = fileURLToPath(new URL("..", import.meta.url));
const failed: string[] = [];
for (const [what, command, ...args] of checks) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${what}`);
  if (status === 0) continue;
  failed.push(what);
  console.log(`\n$ ${[command, ...args].join(" ")}\n${stdout}${stderr}`);
}
rmSync(packed, { recursive: true });
if (failed.length) {
  console.log(`\nNot in order: ${failed.join("; ")}.`);
  process.exitCode = 1;
}
