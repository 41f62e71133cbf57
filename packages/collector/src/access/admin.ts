import type { Context } from "hono";
import { abbreviated } from "../abbreviated.ts";
import type { Env } from "../env.ts";
import { HttpError } from "../errors.ts";
import { bearerOf, isSecret, secretOf } from "./keys.ts";

/** Throws an HttpError unless the request has the operator's key, or while none is set. */
export const expectAdmin = async (c: Context<{ Bindings: Env }>, adminKeySecret: string): Promise<void> => {
  if (secretOf(c.env, adminKeySecret) === undefined)
    throw new HttpError(
      "not_found",
      `${abbreviated(c.req.path)} is disabled until the admin key is set: run wrangler secret put ${adminKeySecret}, or add a line to .dev.vars.`,
    );
  if (!(await isSecret(c.env, adminKeySecret, bearerOf(c))))
    throw new HttpError(
      "unauthorized",
      `Send \`Authorization: Bearer <admin key>\`: the value of the secret ${adminKeySecret}.`,
    );
};
