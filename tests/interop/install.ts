import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The folder for installations, which later runs reuse. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/tidemark-interop", import.meta.url).href);

/**
 * Returns the path of a folder in the cache, and fills it when it does not exist. After a failure the folder does not
 * exist.
 *
 * @param name Name of the folder, which contains the versions of its contents.
 * @param fill Fills an empty folder. It must not write the folder's path into files, because the folder is renamed
 * afterwards.
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

/** Installs packages from PyPI into one folder, for use in PYTHONPATH. Returns the folder. */
export const pythonPackages = (...requirements: string[]): Promise<string> =>
  cached(`python-${requirements.join("-")}`, (folder) =>
    run("python3", ["-m", "pip", "install", "--quiet", "--target", folder, ...requirements]),
  );

/** Installs packages from npm, without running their scripts. Returns the folder that contains `node_modules`. */
export const nodePackages = (...requirements: string[]): Promise<string> =>
  cached(`node-${requirements.join("-").replaceAll("/", "-")}`, (folder) =>
    run("npm", [
      "install",
      "--silent",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--prefix",
      folder,
      ...requirements,
    ]),
  );

/** Downloads the jars of a Maven project with its dependencies. Returns the folder. @param pom Path of its `pom.xml`. */
export const mavenJars = (name: string, pom: string): Promise<string> =>
  cached(`maven-${name}`, (folder) =>
    run("mvn", ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${folder}`]),
  );

/** Unpacks one package from PyPI without its dependencies. Returns the folder of its contents. */
export const unpackedPackage = (requirement: string): Promise<string> =>
  cached(`unpacked-${requirement}`, (folder) =>
    run("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, requirement]),
  );
