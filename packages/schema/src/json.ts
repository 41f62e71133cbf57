/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

const isScalar = (value: unknown): boolean =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

const isContainer = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/**
 * Whether a value is JSON with at most a number of levels of nesting; a text or number has none. It visits one level
 * after another and stops at the first one too many: recursion would overflow the stack for the input of a client.
 */
export const isJson = (value: unknown, levels: number): value is Json => {
  if (isScalar(value)) return true;
  let level = [value];
  for (let left = levels; level.length > 0; left -= 1) {
    if (left === 0 || !level.every(isContainer)) return false;
    level = level.flatMap((each) => Object.values(each as object)).filter((each) => !isScalar(each));
  }
  return true;
};
