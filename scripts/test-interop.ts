import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { INTEROP } from "../vitest.projects.ts";
import { printCounts, runVitest } from "./run-vitest.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A file of tests against a real server or tool. */
interface Suite {
  name: string;
  file: string;
  /** The statement that the tests verify: the text after `@shows` in the file. */
  shows: string;
  /** Programs that the machine needs: the text after `@needs` in the file. */
  needs: string;
  /** Names of other suites with which it runs: the words after `@with` in the file. Default: none. */
  companions: readonly string[];
}

const suiteIn = (file: string): Suite => {
  const code = readFileSync(`${ROOT}${file}`, "utf8");
  const find = (name: string) => new RegExp(`^ \\* @${name} (.+)$`, "m").exec(code)?.[1];
  const tag = (name: string) => {
    const text = find(name);
    if (!text) throw new Error(`${file}: expected a line " * @${name} …" in a doc comment`);
    return text;
  };
  const companions = find("with")?.split(" ") ?? [];
  return { name: basename(file, ".interop.ts"), file, shows: tag("shows"), needs: tag("needs"), companions };
};

const suites = globSync(INTEROP, { cwd: ROOT }).toSorted().map(suiteIn);

/** `pnpm test:interop`. */
const testInterop = defineCommand({
  name: "pnpm test:interop",
  summary: "Runs tests against real servers and tools. The tests install and start these, and print their versions.",
  flags: { all: { description: "Runs all suites." } },
  positionals: {
    placeholder: "[name …]",
    description: "The suites to run. Default: none; the command lists them.",
    choices: Object.fromEntries(suites.map(({ name, shows, needs }) => [name, `${shows}. Needs: ${needs}.`])),
  },
  examples: [
    ["pnpm test:interop", "Lists the suites."],
    ["pnpm test:interop --all", "Ends with `N passed, N failed`."],
  ],
  async run({ all = false }, names) {
    const isNamed = ({ name, companions }: Suite) => [name, ...companions].some((each) => names.includes(each));
    const files = suites.filter((suite) => all || isNamed(suite)).map(({ file }) => file);
    if (files.length) return printCounts([await runVitest(["--config", "vitest.interop.config.ts", ...files])]);
    for (const { name, shows, needs } of suites) console.log(`${name.padEnd(10)}${shows}. Needs: ${needs}.`);
    return 0;
  },
});

await runCommand(testInterop);
