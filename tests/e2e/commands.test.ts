import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const run = (script: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path(`../../${script}`), ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
};

const NAMED = ["scripts/test.ts", "scripts/test-long.ts", "scripts/test-interop.ts", "bench/main.ts"];
const OTHERS = ["scripts/build.ts", "scripts/check.ts", "scripts/demo.ts", "scripts/docs.ts"];

describe.each(NAMED)("%s", (script) => {
  it("refuses a name that it does not know and lists those that it does, which its help explains", () => {
    const { status, stderr } = run(script, "nothing");
    const [, known = ""] = /^pnpm \S+ does not accept "nothing"; expected (.+)\.$/m.exec(stderr) ?? [];
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
