import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { PUBLISHED, packInto } from "./pack.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Greatest length of a check's output, in bytes. */
const MAX_OUTPUT_BYTES = 100_000_000;

type Check = [title: string, command: string, ...args: string[]];

/** Returns the checks of a packed package, which contains only ES modules, for Node and for bundlers. */
const packageChecks = (name: string, packed: string): Check[] => [
  [`contents of package ${name}`, "publint", "--strict", join(packed, `tidemark-${name}.tgz`)],
  [`types of package ${name}`, "attw", "--profile", "esm-only", join(packed, `tidemark-${name}.tgz`)],
];

/**
 * Returns all checks, in groups. A group runs after the one before it, because the checks of a package read its packed
 * file, and two builds of the same package would write the same files.
 *
 * @param packed Folder for the packed packages.
 */
const checksOf = (packed: string): Check[][] => [
  [
    ["types of the published packages", "tsc", "-b", ...PUBLISHED.map((name) => `packages/${name}`)],
    ["unused code and dependencies", "knip"],
    ["words of names, comments and pages", "node", "scripts/check-words.ts"],
    ["types of the collector's tests and Workers", "tsc", "-p", "packages/collector/test"],
    ["types of scripts, benchmarks and tests", "tsc", "-p", "."],
    ["types of the React example", "tsc", "-p", "examples/react"],
    ["format and lint", "biome", "ci", "--error-on-warnings", "--colors=off"],
  ],
  [
    ["packing of the packages", ...packInto(packed)],
    ["size of the bundles", "node", "bench/size/check.ts"],
  ],
  PUBLISHED.flatMap((name) => packageChecks(name, packed)),
];

/** Runs a check, prints its result, and returns whether it passed. */
const passes = ([title, command, ...args]: Check): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      console.log(`${error ? "FAILED" : "ok    "}  ${title}`);
      if (error) console.log(`\n$ ${[command, ...args].join(" ")}\n${stdout}${stderr}`);
      resolve(!error);
    });
  });

/** Runs checks, one for each processor at a time. Returns the titles of those that failed. */
const failuresOf = async (checks: readonly Check[]): Promise<string[]> => {
  const waiting = [...checks];
  const failed: string[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) if (!(await passes(next))) failed.push(next[0]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed;
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
    const failed: string[] = [];
    for (const group of checksOf(packed)) failed.push(...(await failuresOf(group)));
    rmSync(packed, { recursive: true });
    if (failed.length) console.log(`\nFailed: ${failed.join("; ")}.`);
    return failed.length ? 1 : 0;
  },
});

await runCommand(check);
