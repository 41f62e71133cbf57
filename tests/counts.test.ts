import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

describe("runVitest", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tidemark-counts-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs Vitest in a separate process, so that its output does not mix with this run's. */
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

  it("counts passed and failed tests", () => {
    const code = `it("passes", () => {}); it("fails", () => { throw new Error("expected"); });`;
    expect(runFile("both", code)).toEqual({ passed: 1, failed: 1 });
  });

  it("counts a skipped test as failed", () => {
    expect(runFile("skipped", `it("passes", () => {}); it.skip("is skipped", () => {});`)).toEqual({
      passed: 1,
      failed: 1,
    });
  });

  it("does not count tests that -t excludes by name", () => {
    const code = `it("passes", () => {}); it("fails", () => { throw new Error("expected"); });`;
    expect(runFile("named", code, "-t", "passes")).toEqual({ passed: 1, failed: 0 });
  });

  it("counts an unhandled rejection as a failure", () => {
    const code = `it("passes", async () => { Promise.reject(new Error("expected")); });`;
    expect(runFile("unhandled", code)).toEqual({ passed: 1, failed: 1 });
  });

  it("counts a file that does not load as a failure", () => {
    expect(runFile("broken", `throw new Error("expected");`)).toEqual({ passed: 0, failed: 1 });
  });

  it("counts a failure when Vitest exits before it runs tests", () => {
    expect(countsOf("--config", "none.ts")).toEqual({ passed: 0, failed: 1 });
    expect(countsOf("no-such-file")).toEqual({ passed: 0, failed: 1 });
  });
});
