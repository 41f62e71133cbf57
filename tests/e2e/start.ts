import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A program of the repository that was started as a person would, and has said what to do next. */
export interface Started {
  child: ReturnType<typeof spawn>;
  /** All that it has said up to then. */
  said: string;
  /** Ends it in good order, if it did not end yet. */
  stop(): Promise<void>;
}

/**
 * Starts a program that ends its introduction with how to stop it, and waits until it has, or has ended.
 *
 * @param script Path and arguments of the program.
 * @param cwd Folder to start it in. Default: the root of the repository.
 */
export const start = async (script: string[], cwd = ROOT): Promise<Started> => {
  const child = spawn(process.execPath, script, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  const heard = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes("Ctrl-C")) resolve();
    });
  });
  await Promise.race([heard, once(child, "exit")]);
  return {
    child,
    said,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
};
