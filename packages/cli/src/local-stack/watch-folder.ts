import { readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** Matches paths of files that programs write: installed packages, build output and hidden files. */
const IGNORED = /(^|[/\\])(node_modules|dist|\..*)([/\\]|$)/;

/** A watch over a folder, which begins when it is created. */
export interface FolderWatch {
  /** Resolves at the first change of a file in the folder or a subfolder, or when the watch stops. */
  changed: Promise<void>;
  stop(): void;
}

/** Watches a folder and its subfolders, except for {@link IGNORED} paths. */
export const watchFolder = (folder: string): FolderWatch => {
  let resolve = () => {};
  const changed = new Promise<void>((resolveChanged) => {
    resolve = resolveChanged;
  });
  const subfolders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !IGNORED.test(entry.name))
    .map(({ name }) => join(folder, name));
  const watchers = [folder, ...subfolders].map((path) =>
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
