import { setTimeout as sleep } from "node:timers/promises";

/** Time after which a group that does not end is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** Sends a signal to a process group. Returns whether the group exists; signal 0 only asks. */
const signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};

/** The processes that a detached child leads. */
export interface ProcessGroup {
  /** Ends the group with a signal, after five seconds with SIGKILL, and waits until it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/**
 * An option of Node for a detached child with an IPC channel: the child kills its group once this process has ended, also when it was
 * killed and could end nothing itself.
 */
export const killGroupOnParentExit = (): string => {
  // Programs pass Node's options on to their own children, whose parent is another. A channel without `unref` keeps a program running.
  const code = `if (process.ppid === ${process.pid}) {
    process.once("disconnect", () => process.kill(0, "SIGKILL"));
    process.channel.unref();
  }`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
};

/** The process group of a detached child. It is killed when this process exits before it has ended. */
export const processGroup = (pid: number): ProcessGroup => {
  const kill = () => signalGroup(pid, "SIGKILL");
  // First of all listeners: others remove the files that the group writes.
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
