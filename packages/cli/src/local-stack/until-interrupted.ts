const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP, which then does not end the process. A second signal ends it
 * immediately. Call this before the process starts others.
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
