import { visibleText } from "../../page-text.ts";

/** Largest number of labels that a message states. Alerts have far fewer. */
const MAX_LABELS = 20;

/** Longest value of a label in a message, in characters. */
const MAX_LABEL = 200;

/**
 * A text as one line of visible characters, cut to a length. Values of labels may come from visitors: a release of the SDK, for
 * example.
 *
 * @param length The length in UTF-16 code units, with the `…` of a cut.
 */
export const lineOf = (text: string, length: number): string => {
  const visible = visibleText(text);
  if (visible.length <= length) return visible;
  // A cut between the halves of a surrogate pair leaves no half.
  return `${visible.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
};

/** The labels of an alert as a message states them. */
export const labelsOf = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels)
      .slice(0, MAX_LABELS)
      .map(([name, value]) => [lineOf(name, MAX_LABEL), lineOf(value, MAX_LABEL)]),
  );

/** A time as texts state it, such as `2026-11-30 04:56:54 UTC`. */
export const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

const hexOf = async (text: string): Promise<string> => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** A stable identifier of a text, in 32 hexadecimal digits. */
export const idOf = async (text: string): Promise<string> => (await hexOf(text)).slice(0, 32);

/**
 * The key of a notification as a receiver gets it: a key that is too long, or has other characters than those of ASCII, ends in
 * its hash.
 */
export const keyWithin = async (key: string, length: number): Promise<string> => {
  if (key.length <= length && /^[ -~]*$/.test(key)) return key;
  const beginning = key.replaceAll(/[^ -~]/g, "?").slice(0, length - 33);
  return `${beginning} ${await idOf(key)}`;
};
