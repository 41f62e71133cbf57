import { CLIENT_ID } from "@tidemark/schema/keys";
import { MAX_REACTION_NAME, MAX_REACTIONS } from "@tidemark/schema/limits";
import { Array, Math, Number } from "../platform.ts";
import { DAY_MS } from "./notes.ts";

/** A reaction of a response. */
export interface Item {
  id: string;
  name: string;
  payload: Record<string, unknown>;
  /** Time from the response until the reaction expires, in milliseconds: at most a day. */
  expiresInMs: number;
}

const isName = (value: unknown) =>
  typeof value === "string" && /^\w+$/.test(value) && value.length <= MAX_REACTION_NAME;

const isPayload = (value: unknown) => !!value && typeof value === "object" && !Array.isArray(value);

/** Returns the valid reactions of a response, of which the page knows nothing: at most {@link MAX_REACTIONS}. Pure. */
export const itemsOf = (given: unknown): Item[] =>
  (Array.isArray(given) ? given.slice(0, MAX_REACTIONS) : []).flatMap((item) => {
    const { id, name, payload, expires_in_ms } = { ...item };
    const isValid =
      typeof id === "string" &&
      CLIENT_ID.test(id) &&
      isName(name) &&
      isPayload(payload) &&
      Number.isFinite(expires_in_ms) &&
      expires_in_ms > 0;
    return isValid ? [{ id, name, payload, expiresInMs: Math.min(expires_in_ms, DAY_MS) }] : [];
  });
