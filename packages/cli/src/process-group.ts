import { setTimeout as sleep } from "node:timers/promises";

/** Time that a group gets to end after a signal, before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** Sends a signal to a process group, and returns whether the group exists. Signal 0 only checks that. */
const signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};

/** The process group that a detached child process leads. */
export interface ProcessGroup {
  /** Sends a signal to the group, and SIGKILL after five seconds. Resolves once the group has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/**
 * Returns a command-line option of Node for a detached child with an IPC channel. The child then kills its own process
 * group when this process ends, even by SIGKILL.
 */
export const killGroupOnParentExit = (): string => {
  // Programs pass Node's options to their own children, which have another parent and must ignore this one.
  // Without `unref`, the channel would keep the child running.
  const code = `if (process.ppid === ${process.pid}) {
    process.once("disconnect", () => process.kill(0, "SIGKILL"));
    process.channel.unref();
  }`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
};

/** Returns the process group of a detached child. This process kills the group when it exits first. */
export const processGroup = (pid: number): ProcessGroup => {
  const kill = () => signalGroup(pid, "SIGKILL");
  // Before all other listeners, which remove the files that the group writes.
  process.prependOnceListener("exit", kill);
  return {
    async end(signal) {
      const deadline = Date.now() + STOP_TIMEOUT_MS;
      signalGroup(pid, signal);
      while (signalGroup(pid, 0)) {
        if (Date.now() > deadline) kill();
        await sleep(20);
      }
      process.off("exit", kill);
    },
  };
};
