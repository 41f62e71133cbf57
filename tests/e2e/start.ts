import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A running program of the repository, which has printed its introduction. */
export interface StartedProgram {
  child: ReturnType<typeof spawn>;
  /** Its standard output up to the end of the introduction. */
  output: string;
  /** Stops it with SIGTERM, unless it has exited. */
  stop(): Promise<void>;
}

/**
 * Starts a program, and waits until its introduction mentions Ctrl-C, or until it exits.
 *
 * @param script Path and arguments of the program.
 * @param cwd Folder to start it in. Default: the root of the repository.
 */
export const start = async (script: string[], cwd = ROOT): Promise<StartedProgram> => {
  const child = spawn(process.execPath, script, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const introduced = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("Ctrl-C")) resolve();
    });
  });
  await Promise.race([introduced, once(child, "exit")]);
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
