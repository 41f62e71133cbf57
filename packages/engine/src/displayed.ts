/** A value as an error shows it. */
export const displayed = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "number" ? String(value) : JSON.stringify(value).slice(0, 80);
