/** Longest text of a client that a message repeats, in characters. */
const MAX_CHARACTERS = 200;

/**
 * A text of a client as a message repeats it: cut to a length, because a client may send a text of any length.
 *
 * @param length The length in characters, with the three dots that stand for the rest.
 */
export const abbreviated = (text: string, length = MAX_CHARACTERS): string =>
  text.length > length ? `${text.slice(0, length - 3)}...` : text;
