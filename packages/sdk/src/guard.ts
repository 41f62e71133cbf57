/** A function that does what `run` does and never throws into the page: what `run` throws becomes a warning. */
export const guard =
  <A extends unknown[]>(run: (...args: A) => unknown) =>
  (...args: A): void => {
    try {
      run(...args);
    } catch (error) {
      console.warn("[tidemark]", error);
    }
  };
