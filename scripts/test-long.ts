import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { projects } from "../vitest.projects.ts";
import { readArguments } from "./arguments.ts";
import { type Counts, conclude, runProjects, runVitest } from "./run-vitest.ts";

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
    about: `the suites that generate their cases, ${ROUNDS} times, with other seeds each time`,
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
    about: "the files *.long.ts: repeated kills, every delivery scenario again and again",
    run: async (rest: string[]) => [await runVitest(["--config", "vitest.long.config.ts", ...rest])],
  },
};
const partNames = Object.keys(parts) as (keyof typeof parts)[];

/** `pnpm test:long`: the tests that take too long for every change. The last line is `N passed, N failed`. */
const usage = `Usage: pnpm test:long [part …] [-- file …]

Runs the tests that take too long for every change: these parts, or all. What follows -- goes to Vitest: parts of the paths of
files, or its own flags.

${partNames.map((name) => `  ${name.padEnd(12)}${parts[name].about}`).join("\n")}

Exit status: 0 when all passed, 1 when something failed, 2 when the arguments are wrong.`;

const { names, rest } = readArguments({ usage, what: "part", names: partNames });
const counts: Counts[] = [];
for (const name of partNames) if (!names.length || names.includes(name)) counts.push(...(await parts[name].run(rest)));
conclude(counts);
