import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { projects } from "../vitest.projects.ts";
import { type Counts, printCounts, runProjects, runVitest } from "./run-vitest.ts";

/** Number of runs of the property suites, each with different seeds. */
const ROUNDS = 20;

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Returns the test files of the projects `unit` and `workers` that generate their cases. */
const propertySuites = (): string[] =>
  globSync([...projects.unit.include, ...projects.workers.include], { cwd: ROOT }).filter((file) =>
    readFileSync(`${ROOT}${file}`, "utf8").includes('from "fast-check"'),
  );

const parts = {
  properties: {
    description: `the suites that generate their cases, ${ROUNDS} times with different seeds`,
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
    description: "the files *.long.ts, such as repeated kills, repeated delivery scenarios and the soak",
    run: async (rest: string[]) => [await runVitest(["--config", "vitest.long.config.ts", ...rest])],
  },
};
const partNames = Object.keys(parts) as (keyof typeof parts)[];

/** `pnpm test:long`. */
const testLong = defineCommand({
  name: "pnpm test:long",
  summary: "Runs the tests that take too long for each change. The last line is `N passed, N failed`.",
  flags: {},
  positionals: {
    placeholder: "[part …]",
    description: "The parts to run. Default: all.",
    choices: Object.fromEntries(partNames.map((name) => [name, parts[name].description])),
  },
  rest: {
    placeholder: "[-- file …]",
    description: "Arguments for Vitest: parts of file paths, or flags.",
  },
  examples: [
    ["pnpm test:long", "At most 75 minutes."],
    ["pnpm test:long soaks -- kills", "Only the files whose paths contain this word."],
  ],
  async run(_, names, rest) {
    const counts: Counts[] = [];
    for (const name of partNames)
      if (!names.length || names.includes(name)) counts.push(...(await parts[name].run(rest)));
    return printCounts(counts);
  },
});

await runCommand(testLong);
