/** Wraps `run` so that it never throws into the page: an exception becomes a warning in the console. */
export const guard =
  <A extends unknown[]>(run: (...args: A) => unknown) =>
  (...args: A): void => {
    try {
      run(...args);
    } catch (error) {
      console.warn("[tidemark]", error);
    }
  };
