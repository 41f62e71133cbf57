import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { PUBLISHED, packInto } from "./pack.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

type Check = [what: string, command: string, ...args: string[]];

/** The checks of a packed package. It has ES modules only, for Node and for bundlers. */
const shapeOf = (name: string, packed: string): Check[] => [
  [`package shape: ${name}`, "publint", "--strict", join(packed, `tidemark-${name}.tgz`)],
  [`package types: ${name}`, "attw", "--profile", "esm-only", join(packed, `tidemark-${name}.tgz`)],
];

/** All checks, in their order. @param packed Folder for the packed packages. */
const checksOf = (packed: string): Check[] => [
  ["types of the published packages", "tsc", "-b", ...PUBLISHED.map((name) => `packages/${name}`)],
  ["types of the collector's tests and Workers", "tsc", "-p", "packages/collector/test"],
  ["types of scripts, benchmarks and tests", "tsc", "-p", "."],
  ["types of the React example", "tsc", "-p", "examples/react"],
  ["format and lint", "biome", "ci", "--error-on-warnings", "--colors=off"],
  ["words of names, comments and pages", "node", "scripts/check-words.ts"],
  ["unused code and dependencies", "knip"],
  ["packages can be packed", ...packInto(packed)],
  ...PUBLISHED.flatMap((name) => shapeOf(name, packed)),
  ["weight of the bundles", "node", "bench/size/check.ts"],
];

/** Runs a check and prints its result. Returns whether it passed. */
const passes = ([what, command, ...args]: Check): boolean => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${what}`);
  if (status !== 0) console.log(`\n$ ${[command, ...args].join(" ")}\n${stdout}${stderr}`);
  return status === 0;
};

/** `pnpm check`. */
const check = defineCommand({
  name: "pnpm check",
  summary:
    "Checks types, format, lint, words, unused code, the packed packages and the weight of the bundles, without running tests.",
  flags: {},
  examples: [["pnpm check", "Before each commit."]],
  async run() {
    const packed = mkdtempSync(join(tmpdir(), "tidemark-packed-"));
    const failed = checksOf(packed).filter((each) => !passes(each));
    rmSync(packed, { recursive: true });
    if (failed.length) console.log(`\nNot in order: ${failed.map(([what]) => what).join("; ")}.`);
    return failed.length ? 1 : 0;
  },
});

await runCommand(check);
