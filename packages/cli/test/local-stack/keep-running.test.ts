import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepRunning } from "../../src/local-stack/keep-running.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** A program that has ended and starts only once it is right, kept running; `log` has each try to start it and each report. */
const keep = (folder: string) => {
  const ending = new AbortController();
  const log: string[] = [];
  let isRight = false;
  let end = () => {};
  const program = {
    ended: () =>
      new Promise<void>((resolve) => {
        end = resolve;
        if (!isRight) resolve();
      }),
    async start() {
      log.push(isRight ? "runs" : "fails");
      if (!isRight) throw new Error("wrong");
    },
    async stop() {
      log.push("stops");
    },
  };
  const kept = keepRunning(program, folder, (text) => log.push(text), ending.signal);
  return {
    log,
    change(path: string, right = false) {
      isRight = right;
      // One event of the file system: a file that is written anew has several.
      appendFileSync(join(folder, path), "changed");
    },
    async stop() {
      ending.abort();
      end();
      await kept;
    },
  };
};

const REPORT = "wrong\nIt starts again with the next change.\n";

describe("a program that is kept running", () => {
  it("is tried again with each change of a file that a person edits, until it starts", async () => {
    const files = ["features/shop.ts", "node_modules/installed.ts", ".hidden", "tidemark.config.ts"];
    const folder = temporaryFolder(Object.fromEntries(files.map((path) => [path, "new"])));
    const { log, change, stop } = keep(folder);
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

  it("is waited for no longer once that is no longer wanted", async () => {
    const { log, stop } = keep(temporaryFolder());
    await expect.poll(() => log).toEqual(["fails", REPORT]);
    await stop();
    expect(log).toEqual(["fails", REPORT]);
  });
});
