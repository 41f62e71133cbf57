/** JSON text of a value. Throws an Error when JSON cannot represent the value exactly. */
export const jsonText = (value: unknown): string => {
  const text: string | undefined = JSON.stringify(value, (name, inner: unknown) => {
    if (typeof inner === "number" && !Number.isFinite(inner)) throw new Error(`${name}: expected JSON; given ${inner}`);
    return inner;
  });
  if (text === undefined) throw new Error(`expected JSON; given ${typeof value}`);
  return text;
};

/** An escape of a backslash, or of half of a surrogate pair: JSON.stringify writes such a half as an escape. */
const ESCAPES = /\\(?:\\|ud[89a-f][0-9a-f]{2})/g;

/** JSON text in which each half of a surrogate pair is the replacement character: databases reject the half. */
export const wellFormedJson = (text: string): string =>
  text.includes("\\ud") ? text.replace(ESCAPES, (found) => (found === "\\\\" ? found : "\\ufffd")) : text;

const HALF_OF_PAIR = /\p{Surrogate}/u;

/** Text in which each half of a surrogate pair is the replacement character. */
export const wellFormedText = (text: string): string =>
  HALF_OF_PAIR.test(text) ? text.replace(new RegExp(HALF_OF_PAIR, "gu"), "\ufffd") : text;
