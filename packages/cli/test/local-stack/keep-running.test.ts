import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepRunning } from "../../src/local-stack/keep-running.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/**
 * Keeps a program running that can start only after a change with `valid`. `log` records each start, stop and report.
 */
const keepProgramRunning = (folder: string) => {
  const ending = new AbortController();
  const log: string[] = [];
  let isValid = false;
  let end = () => {};
  const program = {
    ended: () =>
      new Promise<void>((resolve) => {
        end = resolve;
        if (!isValid) resolve();
      }),
    async start() {
      log.push(isValid ? "runs" : "fails");
      if (!isValid) throw new Error("invalid");
    },
    async stop() {
      log.push("stops");
    },
  };
  const finished = keepRunning(program, folder, (text) => log.push(text), ending.signal);
  return {
    log,
    change(path: string, valid = false) {
      isValid = valid;
      // An append causes one event of the file system; overwriting a file causes several.
      appendFileSync(join(folder, path), "changed");
    },
    async stop() {
      ending.abort();
      end();
      await finished;
    },
  };
};

const REPORT = "invalid\nThe next change of a file starts it again.\n";

describe("keepRunning", () => {
  it("retries a failed start at each change of a source file, until it succeeds", async () => {
    const files = ["features/shop.ts", "node_modules/installed.ts", ".hidden", "tidemark.config.ts"];
    const folder = temporaryFolder(Object.fromEntries(files.map((path) => [path, "new"])));
    const { log, change, stop } = keepProgramRunning(folder);
    await expect.poll(() => log).toEqual(["fails", REPORT]);
    change("node_modules/installed.ts");
    change(".hidden");
    change("features/shop.ts");
    await expect.poll(() => log).toEqual(["fails", REPORT, "fails", REPORT]);
    change("tidemark.config.ts", true);
    await expect.poll(() => log.at(-1)).toBe("runs");
    await stop();
    expect(log).toEqual(["fails", REPORT, "fails", REPORT, "runs"]);
  });

  it("ends without waiting for a change when it is aborted", async () => {
    const { log, stop } = keepProgramRunning(temporaryFolder());
    await expect.poll(() => log).toEqual(["fails", REPORT]);
    await stop();
    expect(log).toEqual(["fails", REPORT]);
  });
});
