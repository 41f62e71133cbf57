import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectNames } from "../vitest.projects.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const run = (script: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path(`../${script}`), ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
};

describe.each([
  ["scripts/test.ts", "project", projectNames],
  ["scripts/test-long.ts", "part", ["properties", "soaks"]],
  ["bench/main.ts", "benchmark", ["collector", "cost", "delivery", "engine", "main-thread", "size"]],
])("%s", (script, what, names) => {
  it("answers --help with its usage, and the names that it knows", () => {
    const { status, stdout } = run(script, "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: pnpm /);
    expect(names.filter((name) => !stdout.includes(name))).toEqual([]);
  });

  it("refuses a name and a flag that it does not know, and lists those that it does", () => {
    const name = run(script, "nothing");
    expect([name.status, name.stderr]).toEqual([2, `There is no ${what} nothing. Known: ${names.join(", ")}.\n`]);
    const flag = run(script, "--nothing");
    expect([flag.status, flag.stderr]).toEqual([
      2,
      expect.stringMatching(/^There is no flag --nothing\. Known: .*--help\.\n$/),
    ]);
  });
});

describe("the counts of a run", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tidemark-counts-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs Vitest in a process of its own, whose output is not this run's. */
  const countsOf = (...args: string[]) => {
    const program = `
      import { runVitest } from ${JSON.stringify(path("../scripts/run-vitest.ts"))};
      const counts = await runVitest(${JSON.stringify(["--root", folder, ...args])});
      console.log(JSON.stringify(counts));
    `;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  };
  const runFile = (name: string, code: string) => {
    writeFileSync(join(folder, `${name}.test.js`), code);
    return countsOf("--globals", "--reporter", path("reporter.ts"), `${name}.test.js`);
  };

  it("hold passed and failed tests", () => {
    const code = `it("passes", () => {}); it("fails", () => { throw new Error("expected"); });`;
    expect(runFile("both", code)).toEqual({ passed: 1, failed: 1 });
  });

  it("hold a test that is skipped as failed", () => {
    expect(runFile("skipped", `it("passes", () => {}); it.skip("is skipped", () => {});`)).toEqual({
      passed: 1,
      failed: 1,
    });
  });

  it("hold an error that no test waits for", () => {
    const code = `it("passes", async () => { Promise.reject(new Error("expected")); });`;
    expect(runFile("unhandled", code)).toEqual({ passed: 1, failed: 1 });
  });

  it("hold a file that cannot be run", () => {
    expect(runFile("broken", `throw new Error("expected");`)).toEqual({ passed: 0, failed: 1 });
  });

  it("hold a Vitest that ends before it runs anything", () => {
    expect(countsOf("--config", "none.ts")).toEqual({ passed: 0, failed: 1 });
    expect(countsOf("no-such-file")).toEqual({ passed: 0, failed: 1 });
  });
});
