import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";

/** A program that this machine may have, and its source. */
export interface Program {
  /** Name of the program, for messages. */
  name: string;
  /** Environment variable that may name its path. */
  variable: string;
  /** Usual paths; `*` stands for any folder. */
  paths: string[];
  /** Debian package that contains it. */
  apt: string;
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const find = ({ variable, paths }: Program): string | undefined => {
  const given = process.env[variable];
  const usual = paths.flatMap((path) => (path.includes("*") ? globSync(path) : [path]));
  return [...(given ? [given] : []), ...usual].find(isExecutable);
};

/**
 * The path of a program: the one named in its environment variable, an installed one, or one that apt-get installs now,
 * where that may be done.
 *
 * @throws Error that says how to get the program.
 */
export const findOrInstall = (program: Program): string => {
  const found = find(program);
  if (found) return found;
  const { name, variable, apt } = program;
  const advice = `Install ${name} (Debian: apt-get install ${apt}), or name its path in the variable ${variable}.`;
  if (process.getuid?.() !== 0) throw new Error(`There is no ${name} on this machine. ${advice}`);
  console.error(`There is no ${name} on this machine: installing it with apt-get. This happens once.`);
  try {
    const options: ExecFileSyncOptions = {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    };
    execFileSync("apt-get", ["update", "-qq"], options);
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", apt], options);
  } catch (error) {
    throw new Error(`apt-get could not install ${name}. ${advice}`, { cause: error });
  }
  const now = find(program);
  if (!now) throw new Error(`apt-get installed ${apt}, but ${name} is not where it was expected. ${advice}`);
  return now;
};
