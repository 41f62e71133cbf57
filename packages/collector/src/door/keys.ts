import type { Context } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";

/** The key that a request shows as `Authorization: Bearer <key>`. */
export const bearerOf = (c: Context): string | undefined =>
  /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];

/** Whether a key is the secret of that name. A secret that is not set, or empty, is nobody's key. */
export const isSecret = async (env: object, name: string, key: string | undefined): Promise<boolean> => {
  const expected = (env as Record<string, unknown>)[name];
  return typeof expected === "string" && expected !== "" && key !== undefined && timingSafeEqual(expected, key);
};
