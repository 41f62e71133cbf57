import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { RouteContext } from "./route.ts";

/**
 * Reads the query of a request.
 *
 * @param names The parameters of the route.
 * @throws HttpError `invalid_query` for another parameter, which would have no effect, and for one that is repeated.
 */
export const readQuery = <Name extends string>(c: RouteContext, names: readonly Name[]): { [N in Name]?: string } => {
  const given = c.req.queries();
  for (const [name, values] of Object.entries(given)) {
    if (!(names as readonly string[]).includes(name))
      throw new HttpError(
        "invalid_query",
        `${abbreviated(name)}: unknown parameter; expected ${names.join(", ") || "none"}.`,
      );
    if (values.length > 1) throw new HttpError("invalid_query", `${name}: expected one value; given ${values.length}.`);
  }
  return Object.fromEntries(names.filter((name) => given[name]).map((name) => [name, given[name]?.[0]])) as {
    [N in Name]?: string;
  };
};
