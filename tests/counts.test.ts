import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

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
  const runFile = (name: string, code: string, ...args: string[]) => {
    writeFileSync(join(folder, `${name}.test.js`), code);
    return countsOf("--globals", "--reporter", path("reporter.ts"), `${name}.test.js`, ...args);
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

  it("leave out tests of other names than those that are asked for", () => {
    const code = `it("passes", () => {}); it("fails", () => { throw new Error("expected"); });`;
    expect(runFile("named", code, "-t", "passes")).toEqual({ passed: 1, failed: 0 });
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
