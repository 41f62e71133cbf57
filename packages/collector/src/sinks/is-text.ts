const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Whether a value is a text that a pattern matches. */
export const isTextOf = (value: unknown, pattern: RegExp): value is string =>
  typeof value === "string" && pattern.test(value);

/** Whether a value is the name of an environment variable. */
export const isSecretName = (value: unknown): value is string => isTextOf(value, ENVIRONMENT_VARIABLE);
