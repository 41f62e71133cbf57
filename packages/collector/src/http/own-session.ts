import type { SessionVectorResponse } from "@tidemark/schema";
import { featuresRejection, hasGpc } from "../access/consent.ts";
import { createRateLimits } from "../access/rate-limits.ts";
import { HttpError } from "../errors.ts";
import type { Reader } from "../serving/reader.ts";
import { readSession } from "../serving/session-vector.ts";
import type { RouteContext } from "./route.ts";

const { countRequest } = createRateLimits();

/**
 * The session of a page, as the page may read it.
 *
 * @throws HttpError `not_found`, `no_consent` or `too_many_requests`
 */
export const readOwnSession = async (c: RouteContext, reader: Reader, id: string): Promise<SessionVectorResponse> => {
  await countRequest(c.env, reader.tenant, c.req.header("cf-connecting-ip"));
  const vector = await readSession(reader, id);
  const rejection = featuresRejection(reader.tenant.site, vector.consent, hasGpc(c));
  if (rejection) throw new HttpError("no_consent", rejection);
  return vector;
};
