const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Waits until somebody wants this process to end; a second signal then ends it at once. */
export const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      for (const signal of SIGNALS) process.off(signal, end);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, end);
  });
