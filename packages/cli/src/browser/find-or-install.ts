import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";

/** A program that may be installed on this machine, and the package that contains it. */
export interface Program {
  /** Name of the program in messages. */
  name: string;
  /** Environment variable that may contain its path. */
  variable: string;
  /** Usual paths, as globs. */
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
 * Returns the path of a program: from its environment variable, or a usual path. When neither exists and the user is
 * root, it installs the program with apt-get.
 *
 * @throws Error that explains how to install the program.
 */
export const findOrInstall = (program: Program): string => {
  const found = find(program);
  if (found) return found;
  const { name, variable, apt } = program;
  const advice = `Install ${name} (Debian: apt-get install ${apt}), or set the variable ${variable} to its path.`;
  if (process.getuid?.() !== 0) throw new Error(`${name} was not found on this machine. ${advice}`);
  console.error(`${name} was not found on this machine. Installing it with apt-get; this happens once.`);
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
  const installed = find(program);
  if (!installed) throw new Error(`apt-get installed ${apt}, but ${name} is at none of the usual paths. ${advice}`);
  return installed;
};
