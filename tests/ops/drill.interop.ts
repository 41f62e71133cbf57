import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { DrillRow } from "../../packages/cli/src/drill/measure.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const run = promisify(execFile);

/**
 * @shows `tidemark drill` sees a collector, a sink and its pages fail, and each alert fires and clears in time
 * @needs Debian, or prometheus 2.42 and alertmanager 0.25 on the path; installs their packages as root
 */
describe("a drill", () => {
  it("has each of its times within the allowed one", async () => {
    const names = ["collector-down", "sink-down", "reject-spike"];
    const main = `${ROOT}packages/cli/src/main.ts`;
    const { stdout } = await run(process.execPath, [main, "drill", "--only", names.join(), "--json"], { cwd: ROOT });
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as DrillRow);
    expect(rows.map(({ fault, isWithin }) => [fault, isWithin])).toEqual(names.map((name) => [name, true]));
  }, 270_000);
});
