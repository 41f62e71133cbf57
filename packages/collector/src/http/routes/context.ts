import { abbreviated } from "../../abbreviated.ts";
import { HttpError } from "../../errors.ts";
import { boundedContext, contextText, MAX_TOKENS } from "../../serving/bounded-context.ts";
import { readContext } from "../../serving/context.ts";
import { expectDecodable } from "../decodable.ts";
import { readQuery } from "../query.ts";
import type { RouteGroup } from "../route.ts";

/** The number of tokens in a query; `undefined` for none. @throws HttpError `invalid_query` */
const tokensIn = (given: string | undefined): number | undefined => {
  if (given === undefined) return undefined;
  const tokens = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  const { smallest, largest } = MAX_TOKENS;
  if (tokens >= smallest && tokens <= largest) return tokens;
  throw new HttpError(
    "invalid_query",
    `max_tokens: expected a whole number from ${smallest} to ${largest}; given ${JSON.stringify(abbreviated(given))}.`,
  );
};

/** The contexts of sessions and users, for assistants. */
export const contextRoutes: RouteGroup<"GET /v1/context/:entity/:id"> = ({ records }) => ({
  async "GET /v1/context/:entity/:id"(c, tenant) {
    expectDecodable(c);
    const { entity, id } = c.req.param();
    const { format = "text", max_tokens, set } = readQuery(c, ["format", "max_tokens", "set"]);
    if (format !== "text" && format !== "json")
      throw new HttpError(
        "invalid_query",
        `format: expected text or json; given ${JSON.stringify(abbreviated(format))}.`,
      );
    const tokens = tokensIn(max_tokens);
    const reader = { env: c.env, tenant, caller: "server", records } as const;
    const context = await readContext(reader, { entity, id, set });
    if (format === "text") return c.text(contextText(context, tokens));
    return c.json(tokens === undefined ? context : boundedContext(context, tokens));
  },
});
