import type { Context } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";

/** The key that a request shows as `Authorization: Bearer <key>`. */
export const bearerOf = (c: Context): string | undefined =>
  /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];

const secretOf = (env: object, name: string): unknown => (env as Record<string, unknown>)[name];

/** Whether there is a secret of that name. An empty one is none. */
export const hasSecret = (env: object, name: string): boolean => {
  const secret = secretOf(env, name);
  return typeof secret === "string" && secret !== "";
};

/** Whether a key is the secret of that name, in constant time. A secret that is not set is nobody's key. */
export const isSecret = async (env: object, name: string, key: string | undefined): Promise<boolean> =>
  key !== undefined && hasSecret(env, name) && timingSafeEqual(secretOf(env, name) as string, key);
