import type { FieldsOf } from "@tidemark/schema";
import { USER_ID, WELL_FORMED } from "@tidemark/schema/keys";
import { warn } from "../guard.ts";
import { cut } from "../measures/bounds.ts";
import { Number } from "../platform.ts";
import type { Capture } from "./capture.ts";
import type { TrackerState } from "./state.ts";

/** Longest user id and token, in UTF-16 code units. */
const MAX_LENGTH = 200;

/**
 * The text of a user id from the page, cut to {@link MAX_LENGTH}. The page may pass a text that is not blank, or a finite number.
 * Other values, and texts with half of a surrogate pair, can be the same for different visitors: they return `undefined`, after a
 * warning.
 */
export const userIdOf = (given: unknown): string | undefined => {
  const text = typeof given === "string" || Number.isFinite(given) ? `${given}` : "";
  const id = cut(text, MAX_LENGTH);
  if (WELL_FORMED.test(text) && USER_ID.test(id)) return id;
  warn('identify: ignored. Expected a user id like "user-17", got', given);
  return;
};

/** The token of a user from the page, cut to {@link MAX_LENGTH}; `undefined` for any other value than a text. */
export const userTokenOf = (given: unknown): string | undefined =>
  typeof given === "string" ? cut(given, MAX_LENGTH) : undefined;

/**
 * Links the session to the user that the page has named, and captures an `identify` event. Without consent to personalisation it
 * removes the link instead.
 */
export const sendIdentify = ({ connection, purposes, user }: TrackerState, capture: Capture): void => {
  if (!connection) return;
  const { personalisation } = purposes;
  if (personalisation !== "granted") connection.identify(undefined, personalisation === "denied");
  else if (user) {
    const { user_id, traits } = user;
    connection.identify(user);
    capture("identify", { user_id, ...traits } as FieldsOf<"identify">);
  }
};
