/** A test project: a set of test files, and their needs. */
export interface TestProject {
  /** The tested parts, in a few words. */
  description: string;
  /** Globs of its test files, relative to the repository's root. */
  include: string[];
  /** Globs of files that another project runs. Default: none. */
  exclude?: string[];
  /**
   * Its short files with long tests. They start first, so that no processor waits for one of them at the end; the others
   * start by size. Default: none.
   */
  startFirst?: string[];
  /** Whether the tests need a build of the script tag. Default: no. */
  needsScriptTag?: true;
}

/** Glob of the tests against real servers and tools, which `pnpm test:interop` runs by name. */
export const INTEROP = "{packages/*/test,tests}/**/*.interop.ts";

const WORKERS = ["packages/*/test/**/*.workers.test.ts"];

/** The projects of `pnpm test` by name, in the order in which they run. */
export const projects = {
  unit: {
    description: "the packages in Node, and rules for the whole repository",
    include: ["packages/*/test/**/*.test.ts", "tests/*.test.ts"],
    exclude: WORKERS,
  },
  workers: {
    description: "the collector in the Workers runtime",
    include: WORKERS,
    startFirst: [
      "packages/collector/test/http/fuzz.workers.test.ts",
      "packages/collector/test/partition/handover.workers.test.ts",
      "packages/collector/test/partition/splits.workers.test.ts",
      "packages/collector/test/rebuild/rebuild.workers.test.ts",
      "packages/collector/test/sinks/outages/outages.workers.test.ts",
      "packages/collector/test/freshness.workers.test.ts",
    ],
    needsScriptTag: true,
  },
  browsers: {
    description: "the SDK alone, in Chromium, Firefox and WebKit",
    include: ["tests/{browsers,delivery,identity,reactions,script-tag,signals,tracker}/**/*.test.ts"],
  },
  e2e: {
    description: "all parts together: commands, examples, packed packages, and real browsers with the collector",
    include: ["tests/{e2e,react,scenarios}/**/*.test.ts"],
    startFirst: [
      "tests/scenarios/scenarios.test.ts",
      "tests/e2e/visit.test.ts",
      "tests/e2e/sinks.test.ts",
      "tests/e2e/vanilla.test.ts",
    ],
    needsScriptTag: true,
  },
} satisfies Record<string, TestProject>;

/** The name of a project. */
export type ProjectName = keyof typeof projects;

/** All names, in order. */
export const projectNames = Object.keys(projects) as ProjectName[];
