/*
 * JSON whose integers are exact: ids of snapshots have 64 bits, of which a number of JavaScript holds 53.
 */

/** The third argument of a reviver, which the type of `JSON.parse` lacks. */
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
};

/** Parses JSON. An integer beyond the safe ones is a bigint. */
export const parseExact = <T>(text: string): T =>
  parse(text, (_, value, { source = "" }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value,
  ) as T;

/** JSON text of a value. A bigint is an integer. */
export const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? rawJSON(String(inner)) : inner));
