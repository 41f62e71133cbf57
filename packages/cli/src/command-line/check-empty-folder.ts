import { readdir } from "node:fs/promises";
import { CommandError } from "./command-error.ts";

/** Checks that a folder for the files of a command is new or empty. @throws CommandError that names the flag. */
export const checkEmptyFolder = async (flag: string, folder: string): Promise<void> => {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") throw new CommandError(`${flag}: expected a folder; ${folder} is not one.`);
    throw error;
  });
  if (names.length > 0)
    throw new CommandError(`${flag}: expected an empty or a new folder; ${folder} has ${names.length} files.`);
};
