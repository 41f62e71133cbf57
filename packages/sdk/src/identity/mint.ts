/** A random id of 96 bits, seven base-36 digits for every 32: nobody guesses it, and no two are ever the same. */
export const mint = (): string =>
  crypto.getRandomValues(new Uint32Array(3)).reduce((id, part) => id + (part + 2 ** 32).toString(36), "");
