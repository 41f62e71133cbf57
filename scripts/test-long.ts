import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { projects } from "../vitest.projects.ts";
import { type Counts, printCounts, runProjects, runVitest } from "./run-vitest.ts";

/** How often the property suites run, with other seeds each time. */
const ROUNDS = 20;

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The test files of the projects unit and workers that generate their cases. */
const propertySuites = (): string[] =>
  globSync([...projects.unit.include, ...projects.workers.include], { cwd: ROOT }).filter((file) =>
    readFileSync(`${ROOT}${file}`, "utf8").includes('from "fast-check"'),
  );

const parts = {
  properties: {
    description: `the suites that generate their cases, ${ROUNDS} times, with other seeds each time`,
    async run(rest: string[]) {
      const files = rest.length ? rest : propertySuites();
      const rounds: Counts[] = [];
      while (rounds.length < ROUNDS) {
        console.log(`\nProperty suites, round ${rounds.length + 1} of ${ROUNDS}`);
        rounds.push(await runProjects(["unit", "workers"], files));
      }
      return rounds;
    },
  },
  soaks: {
    description: "the files *.long.ts: repeated kills, every delivery scenario again and again",
    run: async (rest: string[]) => [await runVitest(["--config", "vitest.long.config.ts", ...rest])],
  },
};
const partNames = Object.keys(parts) as (keyof typeof parts)[];

/** `pnpm test:long`. */
const testLong = defineCommand({
  name: "pnpm test:long",
  summary: "Runs the tests that take too long for every change. The last line is `N passed, N failed`.",
  flags: {},
  positionals: {
    placeholder: "[part …]",
    description: "The parts to run. Default: all.",
    choices: Object.fromEntries(partNames.map((name) => [name, parts[name].description])),
  },
  rest: {
    placeholder: "[-- file …]",
    description: "Arguments of Vitest: parts of the paths of files, or its flags.",
  },
  examples: [
    ["pnpm test:long", "At most forty minutes."],
    ["pnpm test:long soaks -- kills", "The files of a part whose paths have this word."],
  ],
  async run(_, names, rest) {
    const counts: Counts[] = [];
    for (const name of partNames)
      if (!names.length || names.includes(name)) counts.push(...(await parts[name].run(rest)));
    return printCounts(counts);
  },
});

await runCommand(testLong);
