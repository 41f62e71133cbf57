import type { Capture } from "./capture.ts";
import type { TrackerState } from "./state.ts";

/**
 * Links the session to the user that the page has named, and captures an `identify` event. Without consent to personalisation it
 * removes the link instead.
 */
export const sendIdentify = ({ connection, purposes, user }: TrackerState, capture: Capture): void => {
  if (!connection) return;
  if (purposes.personalisation !== "granted") connection.identify(undefined);
  else if (user) {
    const { user_id, traits } = user;
    connection.identify(user_id);
    capture("identify", { user_id }, traits);
  }
};
