import type { Value } from "./database.ts";

/**
 * Converts a value of DuckDB to JSON: a time to an ISO text, JSON to its content, bytes to hexadecimal, and a whole
 * number beyond 2 ** 53 to a text.
 *
 * @param type The column's type in DuckDB.
 */
export const jsonValue = (value: Value, type: string): unknown => {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string") return type === "JSON" ? JSON.parse(value) : value;
  if (value instanceof Date) return type === "DATE" ? value.toISOString().slice(0, 10) : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, type.replace(/\[\d*\]$/, "")));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonValue(inner, "")]));
  return value;
};
