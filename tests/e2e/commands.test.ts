import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readDocs } from "./code-in-docs.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const run = (script: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path(`../../${script}`), ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
};

const WITH_NAMES = ["scripts/test.ts", "scripts/test-long.ts", "scripts/test-interop.ts", "bench/main.ts"];
const OTHERS = ["scripts/build.ts", "scripts/check.ts", "scripts/demo.ts", "scripts/docs.ts"];

describe.each(WITH_NAMES)("%s", (script) => {
  it("rejects an unknown name, and lists the accepted ones, which its help explains", () => {
    const { status, stderr } = run(script, "nothing");
    const [, names = ""] = /^pnpm \S+ does not accept "nothing"; expected (.+)\.$/m.exec(stderr) ?? [];
    expect([status, names]).toEqual([2, expect.stringMatching(/\w/)]);
    const { stdout } = run(script, "--help");
    expect(names.split(", ").filter((name) => !stdout.includes(`\n  ${name} `))).toEqual([]);
  });
});

describe.each([...WITH_NAMES, ...OTHERS])("%s", (script) => {
  it("prints its usage and an example for --help", () => {
    const { status, stdout } = run(script, "--help");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^Usage:\n {2}(pnpm|node) .*^Examples:\n {2}\1 /ms)]);
  });

  it("rejects an unknown flag, and lists the accepted ones", () => {
    const { status, stderr } = run(script, "--nothing");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/ has no flag --nothing; expected .*--help\.\n/)]);
  });
});

describe("scripts/demo.ts", () => {
  it.each([
    [["--json"], "--json needs --visit"],
    [["--visit", "--host"], "--host has no effect with --visit"],
  ])("rejects flags without an effect: %j", (flags, message) => {
    const { status, stdout, stderr } = run("scripts/demo.ts", ...flags);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
  });
});

describe("docs/script-tag.md", () => {
  it("shows a command that copies the files of the built version", () => {
    const [, command = ""] = /`(mkdir -p script-tags && cp [^`]+)`/.exec(readDocs("script-tag.md")) ?? [];
    const folder = mkdtempSync(join(tmpdir(), "tidemark-copy-"));
    symlinkSync(path("../../packages"), join(folder, "packages"));
    try {
      const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
      expect(readdirSync(join(folder, "script-tags"))).toContainEqual(
        expect.stringMatching(/^tidemark-v[\d.]+-\w+\.js$/),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
