import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { PUBLISHED, packInto } from "./pack.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

type Check = [title: string, command: string, ...args: string[]];

/** Returns the checks of a packed package, which contains only ES modules, for Node and for bundlers. */
const packageChecks = (name: string, packed: string): Check[] => [
  [`contents of package ${name}`, "publint", "--strict", join(packed, `tidemark-${name}.tgz`)],
  [`types of package ${name}`, "attw", "--profile", "esm-only", join(packed, `tidemark-${name}.tgz`)],
];

/** Returns all checks, in order. @param packed Folder for the packed packages. */
const checksOf = (packed: string): Check[] => [
  ["types of the published packages", "tsc", "-b", ...PUBLISHED.map((name) => `packages/${name}`)],
  ["types of the collector's tests and Workers", "tsc", "-p", "packages/collector/test"],
  ["types of scripts, benchmarks and tests", "tsc", "-p", "."],
  ["types of the React example", "tsc", "-p", "examples/react"],
  ["format and lint", "biome", "ci", "--error-on-warnings", "--colors=off"],
  ["words of names, comments and pages", "node", "scripts/check-words.ts"],
  ["unused code and dependencies", "knip"],
  ["packing of the packages", ...packInto(packed)],
  ...PUBLISHED.flatMap((name) => packageChecks(name, packed)),
  ["size of the bundles", "node", "bench/size/check.ts"],
];

/** Runs a check, prints its result, and returns whether it passed. */
const passes = ([title, command, ...args]: Check): boolean => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${title}`);
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
    if (failed.length) console.log(`\nFailed: ${failed.map(([title]) => title).join("; ")}.`);
    return failed.length ? 1 : 0;
  },
});

await runCommand(check);
