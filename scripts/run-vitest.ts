import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ProjectName, projects, type TestProject } from "../vitest.projects.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VITEST = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const BUILD = fileURLToPath(new URL("build.ts", import.meta.url));

/** Where Node keeps compiled code: the tests start hundreds of processes, most of them with the same code. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));

/** The counts of a test run. */
export interface Counts {
  passed: number;
  /** Tests that failed or were skipped, files that could not run, and errors outside of tests. */
  failed: number;
}

/**
 * Runs Vitest in this terminal, and returns the counts from its reporter (`tests/reporter.ts`). When Vitest fails and
 * reports no failure, the result is one failure.
 */
export const runVitest = async (args: readonly string[]): Promise<Counts> => {
  const child = spawn(process.execPath, [VITEST, "run", ...args], {
    cwd: ROOT,
    env: { NODE_COMPILE_CACHE, ...process.env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let counts: Counts = { passed: 0, failed: 0 };
  child.on("message", (message: Counts) => {
    counts = message;
  });
  const [code, signal] = await once(child, "close");
  if (code === 0 || counts.failed > 0) return counts;
  console.error(`Vitest exited with ${signal ?? `status ${code}`} and reported no failed test.`);
  return { ...counts, failed: 1 };
};

/**
 * Runs test projects; first builds the script tag if one of them needs it.
 *
 * @param rest Further arguments for Vitest.
 */
export const runProjects = (names: readonly ProjectName[], rest: readonly string[]): Promise<Counts> => {
  if (names.some((name) => (projects[name] as TestProject).needsScriptTag))
    execFileSync(process.execPath, [BUILD], { stdio: ["ignore", "ignore", "inherit"] });
  return runVitest([...names.flatMap((name) => ["--project", name]), ...rest]);
};

/** Prints the sum of counts as the last line of a command, and returns the exit code. */
export const printCounts = (runs: readonly Counts[]): number => {
  const sum = (figure: keyof Counts) => runs.reduce((total, counts) => total + counts[figure], 0);
  const failed = sum("failed");
  console.log(`${sum("passed")} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
};
