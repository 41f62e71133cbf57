const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Waits for a signal to end (SIGINT, SIGTERM, SIGHUP), which then does not end the process by itself. Call it before the process starts
 * others. A second signal ends the process at once.
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
