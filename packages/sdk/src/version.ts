/** The version of this package, as `scripts/write-sdk-version.ts` takes it from `package.json`. */
export const VERSION = "0.1.0";
