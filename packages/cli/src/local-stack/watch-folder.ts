import { readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** Names of folders and files that no person edits: installed, built, or kept by programs. */
const IGNORED = /(^|[/\\])(node_modules|dist|\..*)([/\\]|$)/;

/** A watch over a folder, from the moment at which it is made. */
export interface FolderWatch {
  /** Resolves with the first change of a file in the folder or in a folder below, or when the watch is stopped. */
  changed: Promise<void>;
  stop(): void;
}

/** Watches the files in a folder that a person edits. */
export const watchFolder = (folder: string): FolderWatch => {
  let resolve = () => {};
  const changed = new Promise<void>((found) => {
    resolve = found;
  });
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !IGNORED.test(entry.name))
    .map(({ name }) => join(folder, name));
  const watchers = [folder, ...below].map((path) =>
    watch(path, { recursive: path !== folder }, (_, name) => {
      if (name && !IGNORED.test(name)) resolve();
    }),
  );
  return {
    changed,
    stop() {
      for (const watcher of watchers) watcher.close();
      resolve();
    },
  };
};
