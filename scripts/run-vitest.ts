import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ProjectName, projects, type TestProject } from "../vitest.projects.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VITEST = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const BUILD = fileURLToPath(new URL("build.ts", import.meta.url));

/** The counts of a run of tests. */
export interface Counts {
  passed: number;
  /** Tests that did not pass, files that could not be run, and errors that belong to no test. */
  failed: number;
}

/**
 * Runs Vitest, which prints to this terminal. Its reporter (`tests/reporter.ts`) sends the counts. A Vitest that fails without a failed
 * test, or without counts, counts as one failure.
 */
export const runVitest = async (args: readonly string[]): Promise<Counts> => {
  const child = spawn(process.execPath, [VITEST, "run", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let counts: Counts = { passed: 0, failed: 0 };
  child.on("message", (message: Counts) => {
    counts = message;
  });
  const [code, signal] = await once(child, "close");
  if (code === 0 || counts.failed > 0) return counts;
  console.error(`Vitest ended with ${signal ?? `status ${code}`}, and no failed test says why.`);
  return { ...counts, failed: 1 };
};

/** Runs projects of the tests, after a build of the script tag if one needs it. @param rest Further arguments of Vitest. */
export const runProjects = (names: readonly ProjectName[], rest: readonly string[]): Promise<Counts> => {
  if (names.some((name) => (projects[name] as TestProject).needsScriptTag))
    execFileSync(process.execPath, [BUILD], { stdio: ["ignore", "ignore", "inherit"] });
  return runVitest([...names.flatMap((name) => ["--project", name]), ...rest]);
};

/** Prints the counts as a command's last line, and returns its exit code. */
export const printCounts = (runs: readonly Counts[]): number => {
  const sum = (figure: keyof Counts) => runs.reduce((total, counts) => total + counts[figure], 0);
  const failed = sum("failed");
  console.log(`${sum("passed")} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
};
