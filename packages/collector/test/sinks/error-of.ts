import type { ExpectSetting } from "../../src/settings/expect-setting.ts";

/** The first error of a sink's settings: `field: expected, given`. `undefined` for none. */
export const errorOf = <T>(
  check: (settings: T, expect: ExpectSetting) => void,
  settings: object,
): string | undefined => {
  try {
    check(settings as T, (condition, field, expected, given) => {
      if (!condition) throw new Error(`${field}: ${expected}, given ${JSON.stringify(given)}`);
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};
