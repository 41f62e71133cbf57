import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A program of the repository that was started as a person would, and has output what to do next. */
export interface StartedProgram {
  child: ReturnType<typeof spawn>;
  /** All that it has output up to then. */
  output: string;
  /** Ends it in good order, if it did not end yet. */
  stop(): Promise<void>;
}

/**
 * Starts a program that ends its introduction with how to stop it, and waits until it has, or has ended.
 *
 * @param script Path and arguments of the program.
 * @param cwd Folder to start it in. Default: the root of the repository.
 */
export const start = async (script: string[], cwd = ROOT): Promise<StartedProgram> => {
  const child = spawn(process.execPath, script, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const heard = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("Ctrl-C")) resolve();
    });
  });
  await Promise.race([heard, once(child, "exit")]);
  return {
    child,
    output,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
};
