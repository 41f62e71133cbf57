/** Formats a value for an error message. */
export const displayed = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "number" ? String(value) : JSON.stringify(value).slice(0, 80);
