/** A random id of 96 bits, as three numbers: nobody guesses it, and no two are ever the same. */
export const createId = (): string => crypto.getRandomValues(new Uint32Array(3)).join("-");
