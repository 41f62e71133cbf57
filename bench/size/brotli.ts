import { brotliCompressSync, constants } from "node:zlib";

/**
 * Returns the bytes of a bundle after compression with brotli 11.
 *
 * @param name Name of the bundle, for errors.
 * @throws Error when the bundle contains zod.
 */
export const brotliBytes = (name: string, code: string): number => {
  if (/ZodError|invalid_union/.test(code)) throw new Error(`${name}: expected a bundle without zod`);
  return brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } })
    .length;
};
