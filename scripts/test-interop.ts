import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments } from "./arguments.ts";
import { conclude, runVitest } from "./run-vitest.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A file of tests against a real server. */
interface Suite {
  name: string;
  file: string;
  /** What the tests show, and what the machine needs: the words after `@shows` and `@needs` in the file. */
  shows: string;
  needs: string;
}

const suiteIn = (file: string): Suite => {
  const code = readFileSync(`${ROOT}${file}`, "utf8");
  const tag = (name: string) => {
    const [, words] = new RegExp(`^ \\* @${name} (.+)$`, "m").exec(code) ?? [];
    if (!words) throw new Error(`${file}: expected a line " * @${name} …" in a doc comment`);
    return words;
  };
  return { name: basename(file, ".interop.ts"), file, shows: tag("shows"), needs: tag("needs") };
};

const suites = globSync("{packages/*/test,tests}/**/*.interop.ts", { cwd: ROOT }).toSorted().map(suiteIn);
const list = suites.map(({ name, shows, needs }) => `  ${name.padEnd(10)}${shows}. Needs: ${needs}.`).join("\n");

/** `pnpm test:interop`: tests against real servers. The last line is `N passed, N failed`. */
const usage = `Usage: pnpm test:interop [name …] [--all]

Runs tests against real servers and tools, which they install and start themselves, and prints the versions of these. Without a
name it lists what there is:

${list}

  --all     runs all of them

Exit status: 0 when all passed, 1 when something failed, 2 when the arguments are wrong.`;

const names = suites.map(({ name }) => name);
const { names: chosen, flags } = readArguments({ usage, what: "interop suite", names, flags: ["--all"] });
const files = suites.filter(({ name }) => flags.includes("--all") || chosen.includes(name)).map(({ file }) => file);
if (files.length) conclude([await runVitest(["--config", "vitest.interop.config.ts", ...files])]);
else console.log(list);
