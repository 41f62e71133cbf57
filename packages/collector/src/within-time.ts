/**
 * Waits for work, at most for a time. It leaves no timer, because a timer keeps an object active.
 *
 * @param ms Milliseconds.
 * @returns The result of the work; `undefined` if it has not ended in time. The work goes on.
 */
export const withinTime = async <T>(work: Promise<T> | undefined, ms: number): Promise<T | undefined> => {
  const ended = new AbortController();
  const late = scheduler.wait(ms, { signal: ended.signal }).catch(() => {});
  try {
    return (await Promise.race([work, late])) as T | undefined;
  } finally {
    ended.abort();
  }
};
