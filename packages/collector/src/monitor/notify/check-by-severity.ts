import type { ExpectSetting } from "../../settings/expect-setting.ts";
import type { Severity } from "../alert.ts";

const KNOWN: Record<Severity, true> = { page: true, ticket: true, none: true };

/** Reports a table from severities of alerts to those of a receiver that has other ones. It may be absent. */
export const checkBySeverity = (
  table: unknown,
  field: string,
  values: readonly string[],
  expect: ExpectSetting,
): void => {
  if (table === undefined) return;
  const isTable = typeof table === "object" && table !== null && !Array.isArray(table);
  expect(isTable, field, `an object with ${Object.keys(KNOWN).join(", ")}`, table);
  for (const [severity, value] of Object.entries(table as object)) {
    expect(
      Object.hasOwn(KNOWN, severity),
      `${field}.${severity}`,
      `one of ${Object.keys(KNOWN).join(", ")}`,
      "this field",
    );
    expect(values.includes(value), `${field}.${severity}`, `one of ${values.join(", ")}`, value);
  }
};
