import { execFile, fork } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../temporary-folder.ts";
import type { CommandOutcome, CommandRequest } from "./command-process.ts";

/** Path of the program. */
export const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const COMMAND_PROCESS = fileURLToPath(new URL("command-process.ts", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../../../node_modules/@tidemark", import.meta.url));

/** Configuration of a deployment with the site `shop`. @param features A JavaScript expression of its features. */
export const configWith = (features: string): string => `import { defaultFeatures } from "@tidemark/schema";
export default {
  sites: [{ id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "SHOP_KEY" }],
  adminKeySecret: "ADMIN_KEY",
  features: ${features},
};`;

/** Creates the folder of a deployment, which the test removes. */
export const deploymentFolder = (config = configWith("defaultFeatures")): string => {
  const folder = temporaryFolder({ "package.json": '{ "type": "module" }', "wrangler.toml": "" });
  writeFileSync(join(folder, "tidemark.config.ts"), config);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGES, join(folder, "node_modules/@tidemark"));
  return folder;
};

/** The outcome of a command. */
export interface Outcome {
  code: number;
  stdout: string;
  /** Standard error without reports of progress, which depend on the machine. */
  stderr: string;
  /** The lines of standard output as JSON. */
  json(): Record<string, unknown>[];
}

/** Standard error without reports of progress. */
export const withoutProgress = (stderr: string): string => stderr.replaceAll(/^.*…\n/gm, "");

/** Runs a command in a process of its own. */
const runInOwnProcess = ({ folder, args, env }: CommandRequest): Promise<CommandOutcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, env, maxBuffer: 1e9 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

/** Starts the process that runs commands one after another. Returns a function that runs one in it. */
const startCommandProcess = (): ((request: CommandRequest) => Promise<CommandOutcome>) => {
  const child = fork(COMMAND_PROCESS, { serialization: "advanced", execArgv: [] });
  const run = (request: CommandRequest): Promise<CommandOutcome> =>
    new Promise((resolve, reject) => {
      const end = () => reject(new Error(`tidemark ${request.args.join(" ")} ended the process`));
      child.once("exit", end);
      child.once("message", (outcome: CommandOutcome) => {
        child.off("exit", end);
        resolve(outcome);
      });
      child.send(request);
    });
  let latest: Promise<unknown> = Promise.resolve();
  return (request) => {
    const outcome = latest.then(() => run(request));
    latest = outcome.catch(() => {});
    return outcome;
  };
};

let sharedProcess: ReturnType<typeof startCommandProcess> | undefined;

/** Runs a command in a process that several share. It ends with this one. */
const runInSharedProcess = (request: CommandRequest): Promise<CommandOutcome> => {
  sharedProcess ??= startCommandProcess();
  return sharedProcess(request);
};

/** The commands that have run in a process of their own, such as `log query`. */
const ownProcesses = new Set<string>();

/**
 * Runs `tidemark` in a folder. The first run of each command has a process of its own, as in a terminal. Later runs share
 * one process, because the start of Node, the commands and DuckDB takes longer than most of them.
 */
export const runTidemark = async (
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> => {
  const { TIDEMARK_URL: _, TIDEMARK_ADMIN_KEY: __, ...inherited } = process.env;
  const request = { folder, args, env: { ...inherited, ...env } };
  const command = args.slice(0, 2).join(" ");
  const isFirst = !ownProcesses.has(command);
  ownProcesses.add(command);
  const { code, stdout, stderr } = await (isFirst ? runInOwnProcess : runInSharedProcess)(request);
  return {
    code,
    stdout,
    stderr: withoutProgress(stderr),
    json: () =>
      stdout
        .trimEnd()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
};
