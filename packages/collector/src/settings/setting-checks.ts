import type { ExpectSetting } from "./expect-setting.ts";

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Hosts of this machine, to which messages need no encryption. */
const LOCAL_HOST = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether a message may be sent to an address. `fetch` accepts none with a user name or a password. */
export const isWebhookUrl = (url: unknown): boolean => {
  const address = typeof url === "string" ? URL.parse(url) : null;
  if (!address || address.username || address.password) return false;
  return address.protocol === "https:" || (address.protocol === "http:" && LOCAL_HOST.test(address.hostname));
};

/** Reports a field that settings do not have. */
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

/** Largest number of secrets that sign the messages to one receiver. */
const MAX_SIGNING_SECRETS = 4;

/**
 * Reports a field that does not contain the names of secrets that sign messages. The error quotes no value.
 *
 * @param example A name that would be right.
 */
export const checkSigningSecrets = (secrets: unknown, field: string, example: string, expect: ExpectSetting): void => {
  const names: unknown[] = Array.isArray(secrets) ? secrets : [];
  const isList = names.length > 0 && names.length <= MAX_SIGNING_SECRETS;
  const form = `1 to ${MAX_SIGNING_SECRETS} names of secrets, in an array, the newest first`;
  expect(isList, field, form, "another value");
  const areNames = names.every((name) => typeof name === "string" && ENVIRONMENT_VARIABLE.test(name));
  expect(areNames, field, `names of environment variables, such as ${example}`, "another value");
  expect(new Set(names).size === names.length, field, "each name once", "a name twice");
};

/** Reports an address to which no message may be sent. The error quotes no value: it may be secret. */
export const checkWebhookUrl = (url: unknown, field: string, expect: ExpectSetting): void => {
  const form = "an address that begins with https://, without a user name or a password";
  expect(isWebhookUrl(url), field, form, "another value");
};

/** Reports an address that is not `https:`, except on this machine, or has a query. The error quotes no value: it may be secret. */
export const checkAddress = (url: unknown, field: string, expect: ExpectSetting): void => {
  const isAddress = isWebhookUrl(url) && !/[?#]/.test(url as string);
  const form = "an address that begins with https://, without a user name, a password or a query";
  expect(isAddress, field, form, "another value");
};
