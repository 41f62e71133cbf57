import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The folder that keeps installations for the next run. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/tidemark-interop", import.meta.url).href);

/**
 * The path of a folder in the cache, filled when it is not there yet. A folder that could not be filled is not kept.
 *
 * @param name What the folder holds, with versions: another name is another folder.
 * @param fill Fills an empty folder; its path may not be part of what it writes.
 */
const cached = async (name: string, fill: (folder: string) => Promise<unknown>): Promise<string> => {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await fill(unfinished);
  await rename(unfinished, folder);
  return folder;
};

/** Installs packages of PyPI beside each other, for a Python that has their folder in PYTHONPATH. Returns the folder. */
export const pythonPackages = (...requirements: string[]): Promise<string> =>
  cached(`python-${requirements.join("-")}`, (folder) =>
    run("python3", ["-m", "pip", "install", "--quiet", "--target", folder, ...requirements]),
  );

/** Unpacks one package of PyPI without what it depends on. Returns the folder that holds what the package holds. */
export const unpackedPackage = (requirement: string): Promise<string> =>
  cached(`unpacked-${requirement}`, (folder) =>
    run("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, requirement]),
  );
