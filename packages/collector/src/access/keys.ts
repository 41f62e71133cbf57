import type { Context } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";

/** The key in the header `Authorization: Bearer <key>`. */
export const bearerOf = (c: Context): string | undefined =>
  /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];

/** The key of a server, in the header `Authorization: Bearer <key>`, or `Tecton-key <key>` as clients of Tecton send it. */
export const serverKeyOf = (c: Context): string | undefined =>
  bearerOf(c) ?? /^Tecton-key +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];

/** The secret of that name; `undefined` unless it is set. An empty one counts as not set. */
export const secretOf = (env: object, name: string): string | undefined => {
  const secret: unknown = (env as Record<string, unknown>)[name];
  return typeof secret === "string" && secret !== "" ? secret : undefined;
};

/** Compares two texts in constant time. */
export const isSameSecret = (secret: string, given: string): Promise<boolean> => timingSafeEqual(secret, given);

/** Compares a key with the secret of that name, in constant time. No key equals a secret that is not set. */
export const isSecret = async (env: object, name: string, key: string | undefined): Promise<boolean> => {
  const secret = secretOf(env, name);
  return key !== undefined && secret !== undefined && isSameSecret(secret, key);
};
