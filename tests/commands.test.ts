import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const run = (script: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path(`../${script}`), ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
};

const NAMED = ["scripts/test.ts", "scripts/test-long.ts", "scripts/test-interop.ts", "bench/main.ts"];
const OTHERS = ["scripts/build.ts", "scripts/check.ts", "scripts/demo.ts", "scripts/docs.ts"];

describe.each(NAMED)("%s", (script) => {
  it("refuses a name that it does not know and lists those that it does, which its help explains", () => {
    const { status, stderr } = run(script, "nothing");
    const [, known = ""] = /^pnpm \S+ does not know "nothing"; expected (.+)\.$/m.exec(stderr) ?? [];
    expect([status, known]).toEqual([2, expect.stringMatching(/\w/)]);
    const { stdout } = run(script, "--help");
    expect(known.split(", ").filter((name) => !stdout.includes(`\n  ${name} `))).toEqual([]);
  });
});

describe.each([...NAMED, ...OTHERS])("%s", (script) => {
  it("has a help with its usage and an example", () => {
    const { status, stdout } = run(script, "--help");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^Usage:\n {2}(pnpm|node) .*^Examples:\n {2}\1 /ms)]);
  });

  it("refuses a flag that it does not know, and lists those that it does", () => {
    const { status, stderr } = run(script, "--nothing");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/ has no flag --nothing; expected .*--help\.\n/)]);
  });
});

describe("scripts/demo.ts", () => {
  it.each([
    [["--json"], "--json needs --visit"],
    [["--visit", "--host"], "--host cannot go with --visit"],
  ])("refuses flags that would have no effect: %j", (flags, message) => {
    const { status, stdout, stderr } = run("scripts/demo.ts", ...flags);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
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
