import { SESSION_ID } from "@tidemark/schema/keys";
import type { Site } from "../config.ts";

/**
 * Whether an id can be that of a session of the site. The collector looks up no object for any other id. An id that
 * names no site is valid for each.
 */
export const isSessionIdOf = ({ id }: Pick<Site, "id">, sessionId: string): boolean =>
  SESSION_ID.test(sessionId) && (!sessionId.includes(".") || sessionId.startsWith(`${id}.`));
