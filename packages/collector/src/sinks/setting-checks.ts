import { isWebhookUrl } from "../config.ts";
import type { ExpectSetting } from "./expect-setting.ts";

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Reports a field that a sink's settings do not have. */
export const checkKnown = <S extends object>(
  settings: S,
  known: Record<keyof S, true>,
  expect: ExpectSetting,
): void => {
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(known, field));
  expect(unknown === undefined, unknown ?? "", `no fields but ${Object.keys(known).join(", ")}`, "this field");
};

/**
 * Reports a field that does not contain the name of a secret. The error quotes no value, which may be the secret itself.
 *
 * @param example A name that would be right.
 */
export const checkSecretName = (name: unknown, field: string, example: string, expect: ExpectSetting): void => {
  const isName = typeof name === "string" && ENVIRONMENT_VARIABLE.test(name);
  expect(isName, field, `the name of an environment variable, such as ${example}`, "another value");
};

/** Reports an address that is not `https:`, except on this machine, or has a query. The error quotes no value: it may be secret. */
export const checkAddress = (url: unknown, field: string, expect: ExpectSetting): void => {
  const isAddress = isWebhookUrl(url) && !/[?#]/.test(url as string);
  const form = "an address that begins with https://, without a user name, a password or a query";
  expect(isAddress, field, form, "another value");
};
