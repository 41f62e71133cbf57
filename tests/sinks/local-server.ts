import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Longest time of a start, in milliseconds. */
const START_MS = 60_000;

/** A program that serves HTTP on this machine. */
export interface LocalServer {
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts the process again with the same arguments. */
  restart(): Promise<void>;
}

/**
 * Starts a program, and waits until it responds.
 *
 * @param origin Its address.
 * @param env Further environment variables.
 */
export const startLocalServer = async (
  origin: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<LocalServer> => {
  let child: ChildProcess | undefined;
  let output = "";
  const kill = async () => {
    const ended = child;
    child = undefined;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const exit = once(ended, "exit");
    ended.kill("SIGKILL");
    await exit;
  };
  const restart = async () => {
    const started = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    child = started;
    output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk).slice(-4_000);
    };
    started.stdout.on("data", keep);
    started.stderr.on("data", keep);
    for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
      const response = await fetch(origin).catch(() => undefined);
      await response?.arrayBuffer();
      if (response) return;
      if (started.exitCode !== null || Date.now() > deadline) {
        await kill();
        throw new Error(`${command} ${args.join(" ")} did not start. End of its output:\n${output}`);
      }
    }
  };
  await restart();
  return { kill, restart };
};
