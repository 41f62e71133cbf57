import type { SessionVectorResponse } from "@tidemark/schema";
import { SESSION_ID } from "@tidemark/schema/keys";
import { isSessionIdOf } from "../access/session-ids.ts";
import { type Env, sessionOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { callObject, measureWait } from "../metrics/waits.ts";
import type { Tenant } from "../tenants.ts";
import { notFound, type Reader } from "./reader.ts";

/** Expects an id that a session of the site can have. @throws HttpError `not_found` or `foreign_session` */
export const expectSessionId = (reader: Pick<Reader, "tenant" | "secret">, id: string): void => {
  const { site } = reader.tenant;
  if (!SESSION_ID.test(id)) throw notFound(reader, "session", id);
  if (!isSessionIdOf(site, id)) throw new HttpError("foreign_session", `${id} is not a session of site ${site.id}.`);
};

/** Calls the object of a session to read it. */
export const readFromSession = <T>(
  env: Env,
  tenant: Tenant,
  id: string,
  read: (session: ReturnType<typeof sessionOf>) => Promise<T>,
): Promise<T> => {
  const session = sessionOf(env, tenant, id);
  const isFailure = (result: T) => result === "unavailable";
  return callObject("Session", () => measureWait("session", () => read(session), isFailure), isFailure);
};

/** The result of a read of a session's object. @throws HttpError `not_found` or `unavailable` */
export const expectRead = <T>(
  reader: Pick<Reader, "tenant" | "secret">,
  id: string,
  result: T | "unavailable" | undefined,
): T => {
  if (result === "unavailable")
    throw new HttpError("unavailable", "The session could not be read. Send the request again.");
  if (!result) throw notFound(reader, "session", id);
  return result;
};

/**
 * The current vector of a session. It looks up no object for an id that no session of the site can have.
 *
 * @throws HttpError `not_found`, `foreign_session` or `unavailable`
 */
export const readSession = async (reader: Reader, id: string): Promise<SessionVectorResponse> => {
  const { env, tenant, secret } = reader;
  expectSessionId(reader, id);
  const vector = await readFromSession(env, tenant, id, async (session) => session.vector(tenant.site.id, secret));
  return { entity: "session", id, ...expectRead(reader, id, vector) };
};
