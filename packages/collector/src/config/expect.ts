import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkSecretName } from "../settings/setting-checks.ts";

/** Reports errors of fields in a place, such as `site "shop": `, by throwing them. */
export const expectIn =
  (place: string): ExpectSetting =>
  (condition, field, expected, given) => {
    if (condition) return;
    const value = JSON.stringify(given) ?? "nothing";
    throw new Error(`tidemark.config.ts: ${place}${field}: expected ${expected}; given ${value}`);
  };

/** Whether a value is a text that a pattern matches. */
export const matches = (pattern: RegExp, value: unknown): boolean => typeof value === "string" && pattern.test(value);

/** Checks the name of a secret. The error does not quote the given value, which may be the secret itself. */
export const expectSecretName = (name: unknown, place: string): void =>
  checkSecretName(name, place, "READ_KEY", expectIn(""));

/** Checks that a value is an object with known fields only. The error quotes no value, which may be a secret. */
export const expectFields = (value: unknown, place: string, fields: object): void => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`tidemark.config.ts: ${place}: expected an object with ${Object.keys(fields).join(", ")}`);
  const unknown = Object.keys(value).find((field) => !Object.hasOwn(fields, field));
  if (unknown === undefined) return;
  throw new Error(
    `tidemark.config.ts: ${place}: unknown field ${unknown}; expected one of ${Object.keys(fields).join(", ")}`,
  );
};

/** Runs a check of the schema. Its error gets the place. */
export const checkAt = (place: string, check: () => void): void => {
  try {
    check();
  } catch (error) {
    throw new Error(`tidemark.config.ts: ${place}${(error as Error).message}`);
  }
};
