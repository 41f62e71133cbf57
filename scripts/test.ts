import { type ProjectName, projectNames, projects } from "../vitest.projects.ts";
import { readArguments } from "./arguments.ts";
import { conclude, runProjects } from "./run-vitest.ts";

/** `pnpm test`: runs the test projects. The last line is `N passed, N failed`. */
const usage = `Usage: pnpm test [project …] [-- file …]

Runs the tests of these projects, or of all. What follows -- goes to Vitest: parts of the paths of files, or flags of its own,
as -t for the names of tests.

${projectNames.map((name) => `  ${name.padEnd(10)}${projects[name].about}`).join("\n")}

Examples: pnpm test unit
          pnpm test browsers e2e
          pnpm test workers -- consent cookie

Exit status: 0 when all passed, 1 when something failed, 2 when the arguments are wrong.`;

const { names, rest } = readArguments({ usage, what: "project", names: projectNames });
conclude([await runProjects(names.length ? (names as ProjectName[]) : projectNames, rest)]);
