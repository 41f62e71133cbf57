import { Array, JSON } from "./platform.ts";

/** A replacer for JSON.stringify that leaves arrays as they are. */
function keepArrays(this: Record<string, unknown>, name: string, value: unknown) {
  const given = this[name];
  return Array.isArray(given) ? given : value;
}

/**
 * Writes a value as JSON. Old libraries (Prototype.js 1.6) give arrays a method `toJSON` that makes them texts: it has
 * no effect here.
 */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, "toJSON" in Array.prototype ? keepArrays : undefined);
