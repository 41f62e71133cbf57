import { z } from "zod";
import { sessionId, sessionSecret, text, userToken } from "./fields.ts";

const key = text(200, "Public key of the site.");

/** The request body of `POST /v1/features/session/{id}`. */
export const sessionRead = z
  .strictObject({ key, session_secret: sessionSecret })
  .describe("The read of a session's features by the page of its visitor.");

/** The first message of a page on a connection of `GET /v1/follow/{id}`. */
export const followProof = z
  .strictObject({ session_secret: sessionSecret })
  .describe("The proof that a page belongs to the visitor of the session that it follows.");

/** The request body of `POST /v1/features/user/{id}`. The session shows the visitor's consent. */
export const userRead = z
  .strictObject({ key, session_id: sessionId, session_secret: sessionSecret, user_token: userToken })
  .describe("The read of a user's features by a page, for which the site's server vouches.");
