import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { type ProjectName, projectNames, projects } from "../vitest.projects.ts";
import { printCounts, runProjects } from "./run-vitest.ts";

/** `pnpm test`. */
const test = defineCommand({
  name: "pnpm test",
  summary: "Runs the tests of all projects, or of some. The last line is `N passed, N failed`.",
  flags: {},
  positionals: {
    placeholder: "[project …]",
    description: "The projects to run. Default: all.",
    choices: Object.fromEntries(projectNames.map((name) => [name, projects[name].description])),
  },
  rest: {
    placeholder: "[-- file …]",
    description: "Arguments for Vitest: parts of file paths, or flags, such as -t for the names of tests.",
  },
  examples: [
    ["pnpm test unit", "Runs one project in half a minute."],
    ["pnpm test browsers e2e", "Runs two projects."],
    ["pnpm test workers -- consent cookie", "Runs the files of a project whose paths contain one of these words."],
  ],
  async run(_, names, rest) {
    return printCounts([await runProjects(names.length ? (names as ProjectName[]) : projectNames, rest)]);
  },
});

await runCommand(test);
