import { crypto, Uint32Array } from "../platform.ts";

/** Creates a random id of 96 bits, written as three numbers. It cannot be guessed and is unique in practice. */
export const createId = (): string => crypto.getRandomValues(new Uint32Array(3)).join("-");
