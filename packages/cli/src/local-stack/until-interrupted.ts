const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Waits until someone asks this process to end. Call it before anything is started: a signal then ends nothing by itself. A
 * second signal ends the process at once, and with it what it has started.
 */
export const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    const exit = () => process.exit(1);
    const end = () => {
      for (const signal of SIGNALS) process.off(signal, end).on(signal, exit);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, end);
  });
