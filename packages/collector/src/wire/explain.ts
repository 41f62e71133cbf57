import type { RejectionCode } from "@tidemark/schema";
import type { z } from "zod";
import { abbreviated } from "../abbreviated.ts";

/** A violation of the contract, with a message for the reader. */
export interface Violation {
  code: RejectionCode;
  /** Dotted path of the field; empty for the whole input. */
  path: string;
  message: string;
}

/** A short text for a value. It leaves out the content of an object, which may be nested to any depth. */
const preview = (value: unknown): string => {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return abbreviated(JSON.stringify(value) ?? String(value), 60);
};

const dotted = (path: readonly PropertyKey[]): string => abbreviated(path.join("."));

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);

/** Describes the first violation in an input that its schema rejected, with the field and its value. */
export const explain = (error: z.ZodError, input: unknown): Violation => {
  const [issue] = error.issues;
  if (!issue) throw new Error("a rejected input has at least one issue");
  const path = dotted(issue.path);
  const value = valueAt(input, issue.path);

  if (issue.code === "unrecognized_keys") {
    const field = dotted([...issue.path, ...issue.keys.slice(0, 1)]);
    return { code: "unknown_field", path: field, message: `${field} is not a field of the contract` };
  }
  if (issue.code === "invalid_union" && path === "type") {
    return value === undefined
      ? { code: "missing_field", path, message: "type is missing" }
      : { code: "unknown_type", path, message: `type: the contract has no event ${preview(value)}` };
  }
  if (value === undefined) return { code: "missing_field", path, message: `${path || "the body"} is missing` };
  const expected = issue.message.replace(/^Invalid (input|option|string): /, "").replace(/, received .*$/, "");
  return { code: "invalid_field", path, message: `${path || "the body"}: ${expected}, got ${preview(value)}` };
};
