import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that exists until `remove()` is called or this process exits. */
export interface TemporaryFolder {
  /** Absolute path. */
  path: string;
  remove(): void;
}

/** Creates an empty temporary folder. @param prefix Beginning of its name. */
export const createTemporaryFolder = (prefix: string): TemporaryFolder => {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const remove = () => {
    process.off("exit", remove);
    // Processes that have just ended may still hold their files open.
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once("exit", remove);
  return { path, remove };
};
