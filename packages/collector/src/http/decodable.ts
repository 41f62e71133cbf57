import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { RouteContext } from "./route.ts";

/**
 * Rejects a path with percent-encoding that does not decode to text, which the router leaves as it is.
 *
 * @throws HttpError `invalid_path`
 */
export const expectDecodable = (c: RouteContext): void => {
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    throw new HttpError("invalid_path", `${abbreviated(c.req.path)}: encode the entity's id with encodeURIComponent.`);
  }
};
