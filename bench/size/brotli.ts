import { brotliCompressSync, constants } from "node:zlib";

/**
 * Bytes of a bundle after brotli 11.
 *
 * @param what Name of the bundle, for errors.
 * @throws Error when the bundle holds zod.
 */
export const brotliBytes = (what: string, code: string): number => {
  if (/ZodError|invalid_union/.test(code)) throw new Error(`${what}: the bundle holds zod`);
  return brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } })
    .length;
};
