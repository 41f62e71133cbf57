import type { Context } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";

/** The key in the header `Authorization: Bearer <key>`. */
export const bearerOf = (c: Context): string | undefined =>
  /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];

const secretOf = (env: object, name: string): unknown => (env as Record<string, unknown>)[name];

/** Whether a secret of that name is set. An empty one counts as not set. */
export const hasSecret = (env: object, name: string): boolean => {
  const secret = secretOf(env, name);
  return typeof secret === "string" && secret !== "";
};

/** Compares a key with the secret of that name, in constant time. No key equals a secret that is not set. */
export const isSecret = async (env: object, name: string, key: string | undefined): Promise<boolean> =>
  key !== undefined && hasSecret(env, name) && timingSafeEqual(secretOf(env, name) as string, key);
