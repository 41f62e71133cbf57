/** Time before the first report, and between two reports to a terminal, in milliseconds. */
const TERMINAL_EVERY_MS = 1_000;

/** Time between two reports to a file or another program, in milliseconds. */
const FILE_EVERY_MS = 10_000;

/**
 * Runs work, and reports on standard error what it does once it has taken a second. On a terminal the report is one line
 * that changes; elsewhere it is a line every ten seconds.
 *
 * @param describe Returns the report, such as "Downloading 3 of 12 files".
 */
export const withProgress = async <T>(describe: () => string, work: () => Promise<T>): Promise<T> => {
  const { stderr } = process;
  let reported = 0;
  const timer = setInterval(() => {
    const now = Date.now();
    if (!stderr.isTTY && now - reported < FILE_EVERY_MS) return;
    reported = now;
    stderr.write(stderr.isTTY ? `\r\u001b[2K${describe()}…` : `${describe()}…\n`);
  }, TERMINAL_EVERY_MS);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (stderr.isTTY && reported) stderr.write("\r\u001b[2K");
  }
};
