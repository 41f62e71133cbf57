import { createHmac } from "node:crypto";
import { BROWSER_ID } from "@tidemark/schema/keys";
import type { Site } from "../config.ts";
import { isSameSecret, secretOf } from "./keys.ts";

/**
 * Whether a token vouches for a user id: it is the HMAC-SHA256 of the id in UTF-8 with the site's secret, in lower-case
 * hexadecimal digits. Without the secret no token does, and none vouches for an id of the form of a browser's.
 */
export const isUserToken = async (env: object, { userTokenSecret }: Site, id: string, token = ""): Promise<boolean> => {
  const secret = userTokenSecret === undefined || BROWSER_ID.test(id) ? undefined : secretOf(env, userTokenSecret);
  return secret !== undefined && isSameSecret(createHmac("sha256", secret).update(id).digest("hex"), token);
};
