import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed on request, and at the latest when this process exits. */
export interface TemporaryFolder {
  /** Absolute path. */
  path: string;
  remove(): void;
}

/** Creates an empty folder. @param prefix Beginning of its name. */
export const createTemporaryFolder = (prefix: string): TemporaryFolder => {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const remove = () => {
    process.off("exit", remove);
    // Processes that have just ended may still be giving up their files.
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once("exit", remove);
  return { path, remove };
};
