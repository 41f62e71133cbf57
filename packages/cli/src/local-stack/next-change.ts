import { readdir, watch } from "node:fs/promises";
import { join } from "node:path";

/** Names of folders and files that no person edits: installed, built, or kept by programs. */
const MADE = /(^|[/\\])(node_modules|dist|\..*)([/\\]|$)/;

/** Waits until a file in a folder or in a folder below changes. @param signal Ends the wait. */
export const nextChange = async (folder: string, signal: AbortSignal): Promise<void> => {
  const found = new AbortController();
  const ending = AbortSignal.any([signal, found.signal]);
  const below = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !MADE.test(entry.name))
    .map(({ name }) => join(folder, name));

  const watchFolder = async (path: string) => {
    for await (const { filename } of watch(path, { recursive: path !== folder, signal: ending }))
      if (filename && !MADE.test(filename)) return;
  };
  await Promise.race([folder, ...below].map(watchFolder)).catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
  found.abort();
};
