import type { Capture } from "./capture.ts";
import type { TrackerState } from "./state.ts";

/** Names the user to the collector, if there is one and the visitor's consent allows it. */
export const sendIdentify = ({ connection, purposes, user }: TrackerState, capture: Capture): void => {
  if (!connection) return;
  if (purposes.personalisation !== "granted") connection.identify(undefined);
  else if (user) {
    const { user_id, traits } = user;
    connection.identify(user_id);
    capture("identify", { user_id }, traits);
  }
};
