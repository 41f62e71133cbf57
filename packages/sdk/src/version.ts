/** The version of this package. `scripts/write-version.ts` copies it from `package.json`. */
export const VERSION = "0.1.0";
