import { crypto, Uint32Array } from "../platform.ts";

/**
 * Creates a random id, written as numbers of 32 bits each. It cannot be guessed and is unique in practice.
 *
 * @param numbers How many numbers. Default: 3, which are 96 bits.
 */
export const createId = (numbers = 3): string => crypto.getRandomValues(new Uint32Array(numbers)).join("-");
