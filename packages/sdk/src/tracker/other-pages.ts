import type { ConsentAnswer } from "../options/consent.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { refusalName } from "../storage/site-storage.ts";
import { warnOnce } from "../warn-once.ts";
import type { TrackerState } from "./state.ts";

/**
 * Applies a login, a logout or a refusal on another page of the site to this page. This happens at once while the page is open, and
 * otherwise when it is shown or restored from the back-forward cache.
 *
 * An open page receives the storage events of the others. A page that may have missed some recognises a refusal by the deletion of the
 * identity. On any other page such a deletion alone counts as a logout: a script may have cleared the storage.
 *
 * @param name The site's storage name.
 * @param isSilent Whether the storage causes no events.
 * @param onLogout Called when the visitor has logged out, and another visitor comes next.
 * @param applyConsent Applies an answer that denies one or both purposes.
 */
export const followOtherPages = (
  state: TrackerState,
  name: string,
  isSilent: boolean,
  onLogout: () => void,
  applyConsent: (answer: ConsentAnswer) => void,
): Stop => {
  const look = (mayHaveMissedEvents: boolean) => {
    const { connection } = state;
    if (!connection) return;
    const { before, after, isDeleted, isDenied } = connection.refresh();
    if (isDeleted && mayHaveMissedEvents) {
      warnOnce(
        "nothing is measured until tracker.consent(…) or a reload: the visitor's data were deleted on",
        "another page",
      );
      return applyConsent("denied");
    }
    if (before && before.anonymous_id !== after?.anonymous_id) onLogout();
    else if (before?.user_id !== after?.user_id) state.user = undefined;
    if (isDenied) applyConsent({ personalisation: "denied" });
  };
  return combineStops(
    onPageChange((change) => {
      if (/visible|restore/.test(change)) look(isSilent || change === "restore");
    }),
    listen<StorageEvent>(window, "storage", ({ key, newValue }) => {
      if (key === refusalName(name)) {
        if (newValue?.includes("measurement")) applyConsent({ measurement: "denied" });
        if (newValue?.includes("personalisation")) applyConsent({ personalisation: "denied" });
      } else if (!key || key === name) look(false);
    }),
  );
};
